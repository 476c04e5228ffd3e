import type { AuthlogError } from "../errors.ts";
import { type Diagnostic, getSlot } from "../slot.ts";

/** A diagnostic of one code is shown at most this often; what happens between is counted. */
const quietMillis = 60_000;

/**
 * Tells the people who run the app that something went wrong, without ever failing itself. The
 * first of a code is shown at once; the like of it within a minute are counted, and the next one
 * shown says how many.
 *
 * @param error what happened, why, and the mend
 * @param nowMillis the time, in milliseconds since 1970
 */
export function report(error: AuthlogError, nowMillis: number = Date.now()): void {
  const slot = getSlot();
  const state = slot.diagnostics.get(error.code) ?? { pending: 0, shownAtMillis: -Infinity };
  slot.diagnostics.set(error.code, state);
  state.pending += 1;
  // A clock that jumped back must not silence a code for as long as it jumped.
  const sinceMillis = Math.abs(nowMillis - state.shownAtMillis);
  if (sinceMillis < quietMillis) return;
  const { code, message, why, fix, link } = error;
  const diagnostic: Diagnostic = { code, message, why, fix, link, count: state.pending };
  state.pending = 0;
  state.shownAtMillis = nowMillis;
  try {
    (slot.onDiagnostic ?? print)(diagnostic);
  } catch {
    // The app's own listener failed. There is nobody left to tell, and no login may suffer for it.
    print(diagnostic);
  }
}

function print({ code, message, why, fix, link, count }: Diagnostic): void {
  const times = count > 1 ? ` (${count} times)` : "";
  // oxlint-disable-next-line no-console -- the one place that speaks to the people who run the app
  console.warn(
    `[authlog] ${code}: ${message}${times}\n  Why: ${why}\n  Fix: ${fix}\n  See ${link}`,
  );
}
