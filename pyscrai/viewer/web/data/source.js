// Where this page's data comes from: the server, or the folder that it lies in.

import { folder, isFolder } from "./folder_source.js";
import { live } from "./live_source.js";

/** @type {any} */
export const source = isFolder ? folder : live;
