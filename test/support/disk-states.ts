import { mkdirSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type SystemCall, textsOf } from "./system-calls.ts";

/** A change that a system call made, and from when on a power cut cannot take it back. */
interface Change {
  /** Place in the trace. */
  at: number;
  /** Place in the trace at which a sync of it had ended; infinite if there was none. */
  safeFrom: number;
}

interface DataChange extends Change {
  offset: number;
  /** None where the file was cut off at the offset. */
  bytes: Buffer | undefined;
}

interface NameChange extends Change {
  /** Names that come, and, where there is no file, go. */
  names: (readonly [name: string, inode: Inode | undefined])[];
}

interface Inode {
  kind: "file" | "folder";
  /** As the kernel sees it. */
  size: number;
  names: Map<string, Inode>;
  data: DataChange[];
  renames: NameChange[];
}

/** What a process printed, and when. */
export interface Printed {
  at: number;
  text: string;
}

/** The files below one folder as a trace tells them, at any of its moments, before a power cut or after. */
export interface Recording {
  length: number;
  printed: Printed[];
  /** Makes the state of the disk after a power cut, as the numbers from 0 to below 1 choose it. */
  afterPowerCut(at: number, random: () => number, folder: string): void;
  /** Makes the state that another process would see. */
  afterKill(at: number, folder: string): void;
}

const sectorBytes = 512;

/** Replays the calls on what was an empty folder, whose own name is on the disk. */
export function record(calls: readonly SystemCall[], root: string): Recording {
  const top = newInode("folder");
  const open = new Map<number, Inode>();
  const printed: Printed[] = [];
  const find = (path: string): Inode | undefined => {
    if (path === root) return top;
    return path.startsWith(`${root}/`) ? find(dirname(path))?.names.get(basename(path)) : undefined;
  };
  const put = (at: number, path: string, inode: Inode | undefined): void => {
    const folder = find(dirname(path));
    if (folder === undefined) return;
    folder.renames.push({ at, safeFrom: Infinity, names: [[basename(path), inode]] });
    setName(folder.names, basename(path), inode);
  };
  for (const call of calls) {
    const { name, args, result, begin, end: at } = call;
    if (result < 0) continue;
    const [first = Buffer.alloc(0), second] = textsOf(call);
    const path = first.toString();
    const descriptor = Number(/^\d+/.exec(args)?.[0]);
    switch (name) {
      case "openat": {
        let inode = find(path);
        if (inode === undefined && args.includes("O_CREAT")) {
          inode = newInode("file");
          put(at, path, inode);
        }
        if (inode === undefined || find(dirname(path)) === undefined) {
          if (path !== root) open.delete(result);
          else open.set(result, top);
          break;
        }
        if (args.includes("O_TRUNC")) cut(inode, at, 0);
        open.set(result, inode);
        break;
      }
      case "close":
        open.delete(descriptor);
        break;
      case "write": {
        const inode = open.get(descriptor);
        if (descriptor === 1) printed.push({ at, text: path });
        else if (inode !== undefined) write(inode, at, first.subarray(0, result));
        break;
      }
      case "ftruncate": {
        const inode = open.get(descriptor);
        if (inode !== undefined) cut(inode, at, Number(/, (\d+)/.exec(args)?.[1]));
        break;
      }
      case "fsync":
      case "fdatasync": {
        const inode = open.get(descriptor);
        // What was done before the sync began is on the disk when it has ended.
        for (const change of [...(inode?.data ?? []), ...(inode?.renames ?? [])]) {
          if (change.at < begin) change.safeFrom = Math.min(change.safeFrom, at);
        }
        break;
      }
      case "mkdir":
        put(at, path, newInode("folder"));
        break;
      case "rename":
        rename(at, path, second?.toString() ?? "");
        break;
      case "link":
        put(at, second?.toString() ?? "", find(path));
        break;
      case "unlink":
      case "unlinkat":
      case "rmdir":
        put(at, path, undefined);
        break;
      default:
    }
  }
  return {
    length: (calls.at(-1)?.end ?? 0) + 1,
    printed,
    afterPowerCut: (at, random, folder) => make(top, folder, at, random),
    afterKill: (at, folder) => make(top, folder, at, undefined),
  };

  function rename(at: number, from: string, to: string): void {
    const [inode, folder] = [find(from), find(dirname(from))];
    if (inode === undefined || folder === undefined || folder !== find(dirname(to))) return;
    // Both names at once, or neither.
    const names = [[basename(from), undefined] as const, [basename(to), inode] as const];
    folder.renames.push({ at, safeFrom: Infinity, names });
    for (const [name, named] of names) setName(folder.names, name, named);
  }
}

function newInode(kind: Inode["kind"]): Inode {
  return { kind, size: 0, names: new Map(), data: [], renames: [] };
}

function write(inode: Inode, at: number, bytes: Buffer): void {
  inode.data.push({ at, safeFrom: Infinity, offset: inode.size, bytes });
  inode.size += bytes.length;
}

function cut(inode: Inode, at: number, size: number): void {
  if (size !== inode.size)
    inode.data.push({ at, safeFrom: Infinity, offset: size, bytes: undefined });
  inode.size = size;
}

function setName(names: Map<string, Inode>, name: string, inode: Inode | undefined): void {
  if (inode === undefined) names.delete(name);
  else names.set(name, inode);
}

/** Without random numbers, everything is there. */
function make(inode: Inode, path: string, at: number, random: (() => number) | undefined): void {
  const happened = <T extends Change>(changes: readonly T[]): T[] =>
    changes.filter((change) => change.at < at);
  if (inode.kind === "file") {
    writeFileSync(path, contentOf(happened(inode.data), at, random), { mode: 0o600 });
    return;
  }
  mkdirSync(path, { recursive: true, mode: 0o700 });
  const names = new Map<string, Inode>();
  const luck = random?.() ?? 1;
  for (const { safeFrom, names: changed } of happened(inode.renames)) {
    if (safeFrom >= at && random !== undefined && random() >= luck) continue;
    for (const [name, named] of changed) setName(names, name, named);
  }
  for (const [name, named] of names) make(named, join(path, name), at, random);
}

function contentOf(
  changes: readonly DataChange[],
  at: number,
  random: (() => number) | undefined,
): Buffer {
  let content = Buffer.alloc(0);
  const luck = random?.() ?? 1;
  // In any order: what was not synced may be there, or not, or only in parts.
  for (const { safeFrom, offset, bytes } of changes) {
    const safe = safeFrom < at || random === undefined;
    if (bytes === undefined) {
      if (safe || random() < luck) content = content.subarray(0, offset);
      continue;
    }
    const grown = (end: number): void => {
      if (content.length < end)
        content = Buffer.concat([content, Buffer.alloc(end - content.length)]);
    };
    if (safe || random() < luck) {
      grown(offset + bytes.length);
      bytes.copy(content, offset);
      continue;
    }
    const fate = random();
    // Its length is there, and zeroes; or some of its sectors; or nothing.
    if (fate < 0.25) grown(offset + bytes.length);
    else if (fate < 0.6) {
      for (let from = offset; from < offset + bytes.length;) {
        const to = Math.min(
          offset + bytes.length,
          (Math.floor(from / sectorBytes) + 1) * sectorBytes,
        );
        if (random() < 0.5) {
          grown(to);
          bytes.copy(content, from, from - offset, to - offset);
        }
        from = to;
      }
    }
  }
  return content;
}
