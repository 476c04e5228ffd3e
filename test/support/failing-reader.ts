import { type ReaderFiles, regularFiles } from "../../src/delivery/journal/line-reader.ts";

/** Reads a journal's files, and fails where it is told to. */
export interface FailingReader extends ReaderFiles {
  /** Says with which of the system's codes to fail; read are the bytes from `position` on. */
  fails: (path: string, position: number | undefined) => string | undefined;
}

/** How much the system reads at once, where a block in it is bad: what stands before that. */
const blockBytes = 4096;

export function createFailingReader(): FailingReader {
  const paths = new Map<number, string>();
  const reader: FailingReader = {
    fails: () => undefined,
    open(path) {
      failWith(reader.fails(path, undefined));
      const descriptor = regularFiles.open(path);
      paths.set(descriptor, path);
      return descriptor;
    },
    read(descriptor, room, from, length, position) {
      failWith(reader.fails(paths.get(descriptor) ?? "", position));
      const upToBlock = blockBytes - (position % blockBytes);
      return regularFiles.read(descriptor, room, from, Math.min(length, upToBlock), position);
    },
    close: regularFiles.close,
  };
  return reader;
}

function failWith(code: string | undefined): void {
  if (code !== undefined) throw Object.assign(new Error(code), { code });
}
