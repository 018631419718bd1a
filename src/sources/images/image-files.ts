import { filesOf } from '../files.js';

/** Lower-case extensions of the pictures that are read. */
export const IMAGE_EXTENSIONS: readonly string[] = ['.jpg', '.jpeg', '.png'];

/** The pictures that a path means: the file itself, or all JPEG and PNG files below a folder. @throws {SourceError} */
export const imageFiles = (path: string): Promise<string[]> => filesOf([path], IMAGE_EXTENSIONS);
