export { audit, type AuditActor, type AuditInput } from "./capture/audit.ts";
export type { OwnAttributes } from "./capture/own-attributes.ts";
export { withAudit, type WithAuditOptions } from "./capture/with-audit.ts";
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
