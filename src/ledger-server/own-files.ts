import { lstatSync, realpathSync, rmSync, type Stats } from "node:fs";
import { join } from "node:path";
import { AuthlogError } from "../errors.ts";
import { isLocked } from "../files/kernel-lock.ts";
import { isOwn, otherKind } from "../files/regular-file.ts";
import { whyNoLedger } from "../ledger/ledger-file.ts";
import { assertDescriptor } from "./descriptor.ts";
import { databaseFiles, type LedgerFiles } from "./files.ts";
import { assertToken } from "./tokens.ts";

/**
 * Checks, before anything is made or changed, that what has the names of a ledger's files is a
 * ledger's: a mistyped path can name a folder, or another program's file.
 *
 * @throws AuthlogError `ERR_AUTHLOG_LEDGER_UNUSABLE` naming what is in the way, and what to write
 */
export function assertOwnFiles(files: LedgerFiles): void {
  const { database, lock } = files;
  const isThere = assertOwnFile(database);
  const beside = [lock, files.descriptor, files.appendToken, files.readToken];
  const parts = databaseFiles(database).filter((part) => part !== database);
  for (const file of beside) assertOwnFile(file);
  for (const part of parts) {
    if (assertOwnFile(part) && !isThere)
      throw inTheWay(part, `It is a part of a database ${database} that is not there.`);
  }
  if (lstatSync(lock, { throwIfNoEntry: false })?.size)
    throw inTheWay(lock, "It is not empty, as a ledger's lock is.");
  // What another process makes, or has open, is its own to check. It may have begun meanwhile.
  if (isLocked(lock)) return;
  try {
    if (isThere) assertLedger(database);
    assertDescriptor(files.descriptor);
    assertToken(files.appendToken);
    assertToken(files.readToken);
  } catch (error) {
    if (!isLocked(lock)) throw error;
  }
}

/** Those of a ledger's files that are not there. */
export function missingFiles({ database, ...others }: LedgerFiles): string[] {
  const all = [...databaseFiles(database), ...Object.values<string>(others)];
  return all.filter((file) => lstatSync(file, { throwIfNoEntry: false }) === undefined);
}

/** Takes back what was made. */
export function removeFiles(files: readonly string[]): void {
  for (const file of files) rmSync(file, { force: true });
}

/** @returns whether it is there */
function assertOwnFile(path: string): boolean {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  const kind = otherKind(stat);
  if (kind !== undefined) throw noFile(path, kind, stat);
  if (isOwn(stat)) return true;
  throw unusable({
    message: `${path} is not this user's; it was left as it is.`,
    why: `It belongs to another user, with the id ${stat.uid}; this process has ${process.geteuid?.()}.`,
    fix: "Run as that user, or give the ledger another path.",
  });
}

function assertLedger(path: string): void {
  const why = whyNoLedger(path);
  if (why === undefined) return;
  throw unusable({
    message: `${path} is no ledger; it was left as it is.`,
    why,
    fix: "Give a path at which there is nothing yet, or that of a ledger.",
  });
}

function noFile(path: string, kind: string, stat: Stats): AuthlogError {
  return unusable({
    message: `${path} is ${kind}, and a ledger is a file; it was left as it is.`,
    why: stat.isSymbolicLink()
      ? "Nothing is written through a link, which may lead to another program's file."
      : "Something else has the name of one of the ledger's files.",
    fix: stat.isDirectory()
      ? `Give the path of a file in it: ${join(path, "ledger.db")}`
      : (behind(path, stat) ?? "Give the ledger another path."),
  });
}

/** What to write in place of a link. */
function behind(path: string, stat: Stats): string | undefined {
  if (!stat.isSymbolicLink()) return undefined;
  try {
    const target = realpathSync(path);
    const isFolder = lstatSync(target).isDirectory();
    return `Give the path that it leads to: ${isFolder ? join(target, "ledger.db") : target}`;
  } catch {
    return "It leads nowhere: give the ledger another path.";
  }
}

function inTheWay(path: string, why: string): AuthlogError {
  return unusable({
    message: `${path} is in the way of the ledger; it was left as it is.`,
    why,
    fix: "Give the ledger another path, or move that file away.",
  });
}

function unusable(init: ConstructorParameters<typeof AuthlogError>[1]): AuthlogError {
  return new AuthlogError("ERR_AUTHLOG_LEDGER_UNUSABLE", init);
}
