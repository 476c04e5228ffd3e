/** One fault of a request, as Pangea lists them in `result.errors`. */
export interface RequestFault {
  /** A code of Pangea's list, such as `FieldRequired` or `AboveMaxLength`. */
  readonly code: string;
  readonly detail: string;
  /** JSON pointer (RFC 6901) into the request's body. */
  readonly source: string;
}

/** The `status` of Pangea's envelope for each way in which a request can fail, and its HTTP status. */
export const refusals = {
  ValidationError: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  RequestTooLarge: 413,
  UnsupportedMediaType: 415,
  InternalError: 500,
  LedgerDamaged: 500,
  ServiceNotAvailable: 503,
} as const;

/** Thrown by a handler to answer with a refusal; its texts go to the sender. */
export class Refusal extends Error {
  override readonly name = "Refusal";
  readonly status: keyof typeof refusals;
  readonly faults: readonly RequestFault[];
  /** Whether the connection is of no more use, since the sender does not come to an end. */
  hangUp = false;

  constructor(
    status: keyof typeof refusals,
    summary: string,
    faults: readonly RequestFault[] = [],
  ) {
    super(summary);
    this.status = status;
    this.faults = faults;
  }
}

/** A refusal for one fault of the body. */
export function invalid(code: string, source: string, detail: string): Refusal {
  return new Refusal("ValidationError", "The request is not valid.", [{ code, detail, source }]);
}
