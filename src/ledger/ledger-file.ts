import { closeSync, existsSync, fstatSync, readSync } from "node:fs";
import { isShared } from "../files/private-file.ts";
import { openRegular } from "../files/regular-file.ts";

/** "alog": by it `file` and a reader distinguish a ledger from any other SQLite database. */
export const applicationId = 0x61_6c_6f_67;

/** The database header: https://sqlite.org/fileformat2.html, section 1.3. */
const magic = Buffer.from("SQLite format 3\0");
const headerBytes = 100;
const idOffset = 68;
/** Where the first page is in a write-ahead log: behind the log's header and its own, section 4. */
const firstPage = 32 + 24;

/**
 * Why a file is no ledger, as its bytes say; nothing where it is one, or is empty as authlog makes it.
 * Nothing is changed. Not to be asked by a process that has the ledger open: closing any descriptor
 * drops its locks.
 *
 * @throws the system's error; `EFTYPE` where it is no file
 */
export function whyNoLedger(path: string): string | undefined {
  const { header, size, shared } = headOf(path, headerBytes);
  if (size === 0)
    return shared ? "It is empty, and others may read it: authlog did not make it." : undefined;
  if (header.length < headerBytes || !header.subarray(0, magic.length).equals(magic))
    return "It does not begin as an SQLite database does.";
  const id = header.readUInt32BE(idOffset);
  // A ledger that was killed before its first checkpoint has its first page in the log alone.
  const walId = id === 0 ? idInLog(`${path}-wal`) : undefined;
  if ((walId ?? id) === applicationId) return undefined;
  return `It is the SQLite database of another application (id ${(walId ?? id).toString(16)}).`;
}

function idInLog(path: string): number | undefined {
  if (!existsSync(path)) return undefined;
  const { header } = headOf(path, firstPage + headerBytes);
  const isFirst = header.length === firstPage + headerBytes && header.readUInt32BE(32) === 1;
  return isFirst ? header.readUInt32BE(firstPage + idOffset) : undefined;
}

function headOf(path: string, length: number): { header: Buffer; size: number; shared: boolean } {
  const descriptor = openRegular(path);
  try {
    const stat = fstatSync(descriptor);
    const header = Buffer.alloc(length);
    const read = readSync(descriptor, header, 0, length, 0);
    return { header: header.subarray(0, read), size: stat.size, shared: isShared(stat) };
  } finally {
    closeSync(descriptor);
  }
}
