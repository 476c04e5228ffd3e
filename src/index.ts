export { AuthlogError, type AuthlogErrorCode } from "./errors.ts";
export { taxonomy, type Taxonomy, type TaxonomySubject } from "./event/taxonomy.ts";
export type { Diagnostic } from "./slot.ts";
export { flush, type FlushOptions } from "./telemetry/flush.ts";
export {
  type AttributeName,
  attributes,
  type AuthEventName,
  eventNames,
  type FailureReason,
  failureReasons,
  type Outcome,
  outcomes,
} from "./vocabulary.ts";
