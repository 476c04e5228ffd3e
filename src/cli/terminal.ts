import { stripVTControlCharacters } from "node:util";

/** What a command reads and writes; a test passes its own. */
export interface Terminal {
  readonly out: (line: string) => void;
  readonly err: (line: string) => void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Whether a person reads `out`, and on something that knows colours. */
  readonly color: boolean;
  /** Resolves when the process is asked to stop. */
  readonly stopped: Promise<void>;
}

/** Exit codes of every command. */
export const exitCodes = { ok: 0, fault: 1, usage: 2 } as const;

/**
 * A value from outside as one piece of a line: no escape sequences and no control, format or
 * surrogate characters, with which whoever failed to sign in could write to the terminal of
 * whoever watches, and no longer than `maxLength`.
 *
 * @example
 * plain("\u001b[2Jada\n", 64); // "ada"
 */
export function plain(value: string, maxLength: number): string {
  // Only the start is looked at: the pattern of the escapes is not to meet a value of megabytes.
  const text = stripVTControlCharacters(value.slice(0, maxLength * 4))
    .replaceAll(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ")
    .trim();
  return text.length > maxLength ? `${text.slice(0, maxLength - 1)}…` : text;
}

/** JSON on one line; what a terminal could act on is escaped, which changes no value. */
export function jsonLine(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

const styles = { bold: "1", dim: "2", red: "31", green: "32", yellow: "33" } as const;

/** Colours a text, or leaves it as it is. */
export function style(name: keyof typeof styles, text: string, color: boolean): string {
  return color ? `\u001b[${styles[name]}m${text}\u001b[0m` : text;
}
