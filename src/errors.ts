/**
 * Every code that authlog can report, in an error or in a diagnostic. The union is closed:
 * callers switch on `code`, never on a message.
 */
export type AuthlogErrorCode =
  | "ERR_AUTHLOG_CONFIG_INVALID"
  | "ERR_AUTHLOG_TOKEN_MISSING"
  | "ERR_AUTHLOG_INSECURE_URL"
  | "ERR_AUTHLOG_EMIT_FAILED"
  | "ERR_AUTHLOG_NO_SINK"
  | "ERR_AUTHLOG_NO_PROCESSOR"
  | "ERR_AUTHLOG_PROVIDER_NOT_FLUSHED"
  | "ERR_AUTHLOG_RECORD_ALTERED"
  | "ERR_AUTHLOG_RECORD_NOT_INCLUDED"
  | "ERR_AUTHLOG_QUEUE_FULL"
  | "ERR_AUTHLOG_CAPTURE_FAILED"
  | "ERR_AUTHLOG_HOOK_FAILED"
  | "ERR_AUTHLOG_AUDIT_INVALID"
  | "ERR_AUTHLOG_SETUP_FAILED"
  | "ERR_AUTHLOG_RUNTIME_UNSUPPORTED"
  | "ERR_AUTHLOG_DELIVERY_RETRYABLE"
  | "ERR_AUTHLOG_DELIVERY_REJECTED"
  | "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED"
  | "ERR_AUTHLOG_DELIVERY_MISCONFIGURED"
  | "ERR_AUTHLOG_DELIVERY_GIVEN_UP"
  | "ERR_AUTHLOG_LOOKUP_FAILED"
  | "ERR_AUTHLOG_RECORD_UNMAPPABLE"
  | "ERR_AUTHLOG_DEAD_LETTER_FAILED"
  | "ERR_AUTHLOG_RETRY_RUNNING"
  | "ERR_AUTHLOG_SIGNING_KEY"
  | "ERR_AUTHLOG_EXPORTER_SHUT_DOWN"
  | "ERR_AUTHLOG_PROCESSOR_SHUT_DOWN"
  | "ERR_AUTHLOG_SHUTDOWN_INCOMPLETE"
  | "ERR_AUTHLOG_JOURNAL_UNWRITABLE"
  | "ERR_AUTHLOG_JOURNAL_NETWORK"
  | "ERR_AUTHLOG_JOURNAL_SYNC_FAILED"
  | "ERR_AUTHLOG_JOURNAL_SLOW"
  | "ERR_AUTHLOG_JOURNAL_FULL"
  | "ERR_AUTHLOG_JOURNAL_UNREAD"
  | "ERR_AUTHLOG_JOURNAL_DAMAGED"
  | "ERR_AUTHLOG_JOURNAL_TORN"
  | "ERR_AUTHLOG_LEDGER_PORT_IN_USE"
  | "ERR_AUTHLOG_LEDGER_UNUSABLE"
  | "ERR_AUTHLOG_LEDGER_DAMAGED"
  | "ERR_AUTHLOG_LEDGER_RUNNING"
  | "ERR_AUTHLOG_USAGE";

/** What an {@link AuthlogError} is made of. */
export interface AuthlogErrorInit {
  /** What happened, one sentence. */
  message: string;
  /** Why it happened. */
  why: string;
  /** What to do about it, in words that can be followed. */
  fix: string;
  /** The error underneath. Never one that carries a secret. */
  cause?: unknown;
}

// Two copies of a package in one app are normal, so `instanceof` proves nothing; the brand does.
const brand = Symbol.for("authlog.error.v1");

/**
 * The one error class of authlog: what happened, why, the fix, and where to read on.
 *
 * @example
 * try {
 *   await startLedger({ port: 80 });
 * } catch (error) {
 *   if (AuthlogError.is(error)) console.error(error.code, error.fix);
 * }
 */
export class AuthlogError extends Error {
  override readonly name = "AuthlogError";
  readonly code: AuthlogErrorCode;
  readonly why: string;
  readonly fix: string;
  /** The section on the code in the page that comes with the package: a path from the app's folder. */
  readonly link: string;

  constructor(code: AuthlogErrorCode, { message, why, fix, cause }: AuthlogErrorInit) {
    super(message, cause === undefined ? undefined : { cause });
    Object.defineProperty(this, brand, { value: true });
    this.code = code;
    this.why = why;
    this.fix = fix;
    // A path, since editors and terminals open it, and it is of the version that is installed.
    this.link = `node_modules/authlog/docs/errors.md#${code.toLowerCase()}`;
  }

  /** Whether a value is an AuthlogError, of this copy of the package or of another. */
  static is(value: unknown): value is AuthlogError {
    return typeof value === "object" && value !== null && brand in value;
  }
}

/**
 * What kind of error was caught, in brackets: its code, or its class. Its message is not shown: that of
 * other code can hold what is private.
 */
export function errorKind(error: unknown): string {
  try {
    if (!(error instanceof Error)) return "(what was thrown is no error)";
    const code: unknown = Reflect.get(error, "code");
    const name = typeof code === "string" ? code : error.constructor.name;
    return /^[\w.-]{1,64}$/.test(name) ? `(${name})` : "(of no known kind)";
  } catch {
    return "(which cannot be read)";
  }
}
