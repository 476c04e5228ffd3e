import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

/**
 * Loaded before a process under test: kills it at one call of the file system that would change
 * something in a folder, before the call or in the midst of it, and counts those calls where it does
 * not. The calls are numbered from 1.
 */
const folder = process.env["KILL_IN"] ?? "";
const at = Number(process.env["KILL_AT"] ?? 0);
const half = process.env["KILL_HALF"] !== undefined;
const file = process.env["KILL_COUNT"];

let calls = 0;
const ours = new Set<number>();
const originals = { ...fs };

type Watched =
  | "mkdirSync"
  | "openSync"
  | "closeSync"
  | "writeSync"
  | "appendFileSync"
  | "writeFileSync"
  | "renameSync"
  | "linkSync"
  | "rmSync"
  | "rmdirSync";
type Call = (...args: unknown[]) => unknown;

function killHere(): never {
  process.kill(process.pid, "SIGKILL");
  for (;;);
}

/** @param begin does a part of the call, where it has parts */
function watch(
  name: Watched,
  concerns: (target: unknown) => boolean,
  begin: (...args: unknown[]) => void = () => {},
): void {
  const original = originals[name] as Call;
  const watched: Call = (...args) => {
    if (!concerns(args[0])) return original(...args);
    calls += 1;
    if (calls === at) {
      if (half) begin(...args);
      killHere();
    }
    const result = original(...args);
    if (name === "openSync") ours.add(Number(result));
    return result;
  };
  Object.assign(fs, { [name]: watched });
}

const isInside = (path: unknown): boolean => `${String(path)}/`.startsWith(`${folder}/`);
const isOurs = (descriptor: unknown): boolean => ours.has(Number(descriptor));
const halfOf = (data: unknown): Buffer => {
  const bytes = Buffer.from(data as Buffer);
  return bytes.subarray(0, bytes.length >>> 1);
};

for (const name of ["mkdirSync", "openSync", "renameSync", "rmSync", "rmdirSync"] as const) {
  watch(name, isInside);
}
watch("linkSync", isInside);
watch("closeSync", isOurs);
watch("writeSync", isOurs, (descriptor, data) => {
  originals.writeSync(Number(descriptor), halfOf(data));
});
for (const name of ["appendFileSync", "writeFileSync"] as const) {
  // The one calls the other, and says by its options that it appends.
  watch(name, isInside, (path, data, options) => {
    originals[name](String(path), halfOf(data), options as fs.WriteFileOptions);
  });
}
syncBuiltinESMExports();

process.once("exit", () => {
  if (file !== undefined) originals.writeFileSync(file, String(calls));
});
