export const Virtualizer: any;
export const elementScroll: any;
export const observeElementOffset: any;
export const observeElementRect: any;
