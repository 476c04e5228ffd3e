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
  throw new Refusal("ValidationError", "The request is not valid.", {
    faults: result.issues.slice(0, maxFaults).map(faultOf),
  });
}

/** A string without lone surrogates: what has no canonical form cannot be hashed (RFC 8785, 3.2.2.2). */
export const text: v.GenericSchema<string> = v.pipe(
  v.string(),
  v.check((value) => value.isWellFormed(), "must be well-formed Unicode"),
);

type Issue = v.BaseIssue<unknown>;

/** Pangea's code for each kind of issue that the schemas of this folder can give. */
const codes: Readonly<Record<string, string>> = {
  array: "InvalidArray",
  boolean: "InvalidBool",
  check: "InvalidString",
  integer: "InvalidInteger",
  max_bytes: "AboveMaxLength",
  max_length: "AboveMaxItems",
  max_value: "IsTooBig",
  min_length: "BelowMinItems",
  min_value: "IsTooSmall",
  number: "InvalidNumber",
  object: "InvalidObject",
  picklist: "NotEnumMember",
  raw_check: "BadFormatDateTime",
  record: "InvalidObject",
  regex: "DoesNotMatchPattern",
  strict_object: "InvalidObject",
  string: "InvalidString",
};

function faultOf(issue: Issue): RequestFault {
  const source = pointerTo(issue);
  if (issue.type === "strict_object" && issue.expected === "never")
    return { code: "UnexpectedProperty", detail: "is not a known field", source };
  if (issue.type === "strict_object" && issue.received === "undefined")
    return { code: "FieldRequired", detail: "is required", source };
  return { code: codes[issue.type] ?? "BadFormat", detail: detailOf(issue), source };
}

// Never the value itself: whatever was sent in the wrong place stays out of answers and logs.
function detailOf({ kind, type, expected, message }: Issue): string {
  if (type === "check") return message;
  if (type === "integer") return "must be an integer";
  if (type === "max_bytes") return `must have at most ${expected?.slice(2)} bytes of UTF-8`;
  return kind === "schema" ? `must be ${expected}` : `must be ${expected ?? "of another form"}`;
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
