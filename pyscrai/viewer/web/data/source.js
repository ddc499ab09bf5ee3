// Where this page's data comes from: the server, or the folder that it lies in.

import { folder, isFolder } from "./folder_source.js";
import { live } from "./live_source.js";

export const source = /** @type {typeof live} */ (/** @type {any} */ (isFolder ? folder : live));
