import * as v from "valibot";
import { Refusal, type RequestFault } from "./refusal.ts";

/** Faults beyond these are not listed: a hostile body must not make a larger answer. */
const maxFaults = 100;
const maxPointer = 256;

/**
 * Parses a body by a schema.
 *
 * @throws Refusal with each fault in Pangea's words, and where it is
 */
export function validate<T extends v.GenericSchema>(schema: T, body: unknown): v.InferOutput<T> {
  const result = v.safeParse(schema, body, { abortPipeEarly: true });
  if (result.success) return result.output;
  throw new Refusal(
    "ValidationError",
    "The request is not valid.",
    result.issues.slice(0, maxFaults).map(faultOf),
  );
}

/**
 * Checks a value with a fault of Pangea's own: valibot's issue has one place for words of ours, its
 * message, and the code comes first in it.
 */
export function checked<T>(
  isValid: (value: T) => boolean,
  code: string,
  detail: string,
): v.CheckAction<T, string> {
  return v.check(isValid, `${code} ${detail}`);
}

/** A string without lone surrogates: what has no canonical form cannot be hashed (RFC 8785, 3.2.2.2). */
export const text: v.GenericSchema<string> = v.pipe(
  v.string(),
  checked((value) => value.isWellFormed(), "InvalidString", "must be well-formed Unicode"),
);

/** A text of at most so many bytes of UTF-8. */
export function textOf(maxBytes: number): v.GenericSchema<string> {
  // No character of UTF-16 takes more than three bytes: most values are short and need no count.
  const fits = (value: string): boolean =>
    value.length * 3 <= maxBytes || Buffer.byteLength(value) <= maxBytes;
  const detail = `must have at most ${maxBytes} bytes of UTF-8`;
  return v.pipe(text, checked(fits, "AboveMaxLength", detail));
}

type Issue = v.BaseIssue<unknown>;

/** Pangea's code for each kind of issue that the schemas of this folder can give. */
const codes: Readonly<Record<string, string>> = {
  array: "InvalidArray",
  boolean: "InvalidBool",
  integer: "InvalidInteger",
  max_length: "AboveMaxItems",
  max_value: "IsTooBig",
  min_length: "BelowMinItems",
  min_value: "IsTooSmall",
  number: "InvalidNumber",
  object: "InvalidObject",
  picklist: "NotEnumMember",
  record: "InvalidObject",
  regex: "DoesNotMatchPattern",
  strict_object: "InvalidObject",
  string: "InvalidString",
};

function faultOf(issue: Issue): RequestFault {
  const { type, expected, received, message } = issue;
  const source = pointerTo(issue);
  if (type === "check") {
    const [code = "", ...words] = message.split(" ");
    return { code, detail: words.join(" "), source };
  }
  if (type === "strict_object" && expected === "never")
    return { code: "UnexpectedProperty", detail: "is not a known field", source };
  if (type === "strict_object" && received === "undefined")
    return { code: "FieldRequired", detail: "is required", source };
  // Never the value itself: whatever was sent in the wrong place stays out of answers and logs.
  const detail = `must be ${type === "integer" ? "an integer" : (expected ?? "of another form")}`;
  return { code: codes[type] ?? "BadFormat", detail, source };
}

/** RFC 6901, section 3: `~` and `/` in a name are escaped. */
function pointerTo(issue: Issue): string {
  const keys = (issue.path ?? []).map(({ key }) =>
    String(key).toWellFormed().replaceAll("~", "~0").replaceAll("/", "~1"),
  );
  return keys
    .map((key) => `/${key}`)
    .join("")
    .slice(0, maxPointer);
}
