import { AuthlogError } from "../../errors.ts";
import { suggest } from "../../suggest.ts";
import { plain, type Terminal } from "../terminal.ts";
import { list } from "./list.ts";
import { retry } from "./retry.ts";

/** What `authlog deadletter --help` prints. */
export const deadletterHelp = `Usage: authlog deadletter <list | retry> [--path <file>] [--json]

  list   show the records that the audit log refused for good, and why
  retry  send them again, to where the app's events go, with the app's schema; says first where that
         is: the host of PANGEA_TOKEN's audit log, or without a token the ledger's file, which has to
         be there. Those that are delivered leave the file, the others stay; those that the audit
         log fails over come last. Stops on Ctrl+C, and loses nothing if killed

Reads the .env files that Next.js reads in this folder. What an app sets in code is not seen here.

  --path <file>  the file of dead letters
                 (AUTHLOG_DEAD_LETTER_PATH, default .authlog/dead-letter.jsonl)
  --json         one JSON object a line: {"type":"letter" | "unreadable" | "summary", …};
                 of retry the first is {"type":"destination", "destination"}

Exit codes: 0 ok; 1 some stayed, or a line is no dead letter; 2 wrong usage, or no token`;

const actions = { list, retry } as const;

/** Runs `authlog deadletter`. Returns the exit code. */
export async function deadletter(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name = "", ...rest] = args;
  if (name === "list" || name === "retry") return actions[name](rest, terminal);
  const meant = suggest(name, Object.keys(actions));
  throw new AuthlogError("ERR_AUTHLOG_USAGE", {
    message: "authlog deadletter needs a subcommand: list or retry.",
    why: name === "" ? "Nothing was named." : `${plain(name, 32)} is neither.`,
    fix:
      meant === undefined ? "See authlog deadletter --help." : `Use authlog deadletter ${meant}.`,
  });
}
