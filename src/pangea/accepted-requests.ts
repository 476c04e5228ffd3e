import type { Accepted } from "./answer.ts";

/** A request that was accepted (202), and whose outcome was not known when its attempt ended. */
export interface AcceptedRequest<T> extends Accepted {
  /** What was in it, in its order. */
  readonly records: readonly T[];
}

/** Remembers, with the records themselves, which of them may have been taken already. */
export interface AcceptedRequests<T extends object> {
  remember: (accepted: Accepted, records: readonly T[]) => void;
  /** The request that a record waits in; undefined too when the service has forgotten its id. */
  of: (record: T) => AcceptedRequest<T> | undefined;
  /** Its outcome is known: what was not taken is to be sent again. */
  forget: (request: AcceptedRequest<T>) => void;
}

/** @param now milliseconds of the clock that `knownUntil` is of */
export function createAcceptedRequests<T extends object>(now: () => number): AcceptedRequests<T> {
  // A batch can come back cut in another way, or beside other records: each record knows its request.
  const requests = new WeakMap<T, AcceptedRequest<T>>();
  return {
    remember: (accepted, records) => {
      const request = { ...accepted, records };
      for (const record of records) requests.set(record, request);
    },
    of: (record) => {
      const request = requests.get(record);
      return request !== undefined && now() < request.knownUntil ? request : undefined;
    },
    forget: ({ records }) => {
      for (const record of records) requests.delete(record);
    },
  };
}
