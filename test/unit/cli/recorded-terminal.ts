import type { Terminal } from "../../../src/cli/terminal.ts";

/** A terminal that keeps what is printed. */
export interface Recorded extends Terminal {
  lines: string[];
  errors: string[];
  stop: () => void;
  /** Resolves with the first line that is printed. */
  first: Promise<string>;
}

/** A terminal with an environment of its own, on which nobody has pressed Ctrl+C yet. */
export function terminal(env: Terminal["env"] = {}): Recorded {
  const lines: string[] = [];
  const errors: string[] = [];
  const stopping = Promise.withResolvers<void>();
  const printed = Promise.withResolvers<string>();
  return {
    lines,
    errors,
    stop: stopping.resolve,
    first: printed.promise,
    out: (line) => {
      lines.push(line);
      printed.resolve(line);
    },
    err: (line) => void errors.push(line),
    env,
    color: false,
    stopped: stopping.promise,
  };
}
