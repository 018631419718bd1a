/** Source → module beside it. */
export declare const kernels: Readonly<Record<string, string>>;
/** The text of the module that holds a compiled kernel. */
export declare function compile(source: string): Promise<string>;
