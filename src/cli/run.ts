import process from "node:process";
import { AuthlogError } from "../errors.ts";
import { codedError } from "./coded-error.ts";
import { manifest } from "./manifest.ts";
import { nodeTooOld } from "./node-version.ts";
import { suggest } from "../suggest.ts";
import { exitCodes, plain, type Terminal } from "./terminal.ts";

interface Command {
  readonly help: string;
  readonly run: (args: readonly string[], terminal: Terminal) => Promise<number>;
}

/** Loaded when asked for: the doctor has to run where what the ledger needs is missing. */
const commands: Readonly<Record<string, () => Promise<Command>>> = {
  async serve() {
    const { serve, serveHelp } = await import("./serve.ts");
    return { help: serveHelp, run: serve };
  },
  async tail() {
    const { tail, tailHelp } = await import("./tail.ts");
    return { help: tailHelp, run: tail };
  },
  async doctor() {
    const { doctor, doctorHelp } = await import("./doctor/doctor.ts");
    return { help: doctorHelp, run: doctor };
  },
  async journal() {
    const { journal, journalHelp } = await import("./journal/journal.ts");
    return { help: journalHelp, run: journal };
  },
  async deadletter() {
    const { deadletter, deadletterHelp } = await import("./deadletter/deadletter.ts");
    return { help: deadletterHelp, run: deadletter };
  },
};

const help = `Usage: authlog <command> [options]

  serve       start the embedded ledger and show each event as it is appended
  tail        show the latest events of the embedded ledger, and new ones as they come
  doctor      look at an app, its settings and where its events go, and say what to change
  journal     show what waits on the disk for its delivery
  deadletter  list what the audit log refused for good, or send it again

  --help, --version; authlog <command> --help for its options
  Exit codes: 0 ok, 1 found a fault, 2 wrong usage`;

/**
 * Runs the command line. Returns the exit code; never throws.
 *
 * @param nodeVersion the version of Node that it runs on
 */
export async function run(
  args: readonly string[],
  terminal: Terminal,
  nodeVersion: string = process.versions.node,
): Promise<number> {
  const [name, ...rest] = args;
  if (name === "--version" || name === "-v") {
    terminal.out(manifest().version);
    return exitCodes.ok;
  }
  if (name === "--help" || name === "-h" || name === "help") {
    terminal.out(help);
    return exitCodes.ok;
  }
  if (name === undefined) {
    terminal.err(help);
    return exitCodes.usage;
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (load === undefined) {
    return report(noCommand(name), terminal);
  }
  const tooOld = nodeTooOld(nodeVersion);
  // The doctor says so by itself, beside all else that it finds.
  if (tooOld !== undefined && name !== "doctor") return report(tooOld, terminal);
  try {
    const command = await load();
    if (rest.includes("--help") || rest.includes("-h")) {
      terminal.out(command.help);
      return exitCodes.ok;
    }
    return await command.run(rest, terminal);
  } catch (error) {
    return report(codedError(error, name) ?? error, terminal);
  }
}

function noCommand(name: string): AuthlogError {
  const meant = suggest(name, Object.keys(commands));
  return new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: `There is no command ${plain(name, 32)}.`,
    why: `The commands are ${Object.keys(commands).join(", ")}.`,
    fix: meant === undefined ? "See authlog --help." : `Did you mean ${meant}?`,
  });
}

const usageCodes = new Set<string>([
  "ERR_AUTHLOG_USAGE",
  "ERR_AUTHLOG_CONFIG_INVALID",
  "ERR_AUTHLOG_TOKEN_MISSING",
]);

function report(error: unknown, { err }: Terminal): number {
  if (AuthlogError.is(error)) {
    err(`authlog: ${plain(error.message, 500)} [${error.code}]`);
    err(`  ${plain(error.why, 500)} ${plain(error.fix, 500)}`);
    // A command that was mistyped has its help.
    if (error.code !== "ERR_AUTHLOG_USAGE") err(`  See ${plain(error.link, 500)}`);
    return usageCodes.has(error.code) ? exitCodes.usage : exitCodes.fault;
  }
  err(`authlog: ${plain(String(error), 500)}`);
  return exitCodes.fault;
}
