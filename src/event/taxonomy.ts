import { attributes } from "../vocabulary.ts";
import { classify, type EventFacts } from "./classification.ts";

/** What `taxonomy` reads: a log record, or the parts of an event. */
export type TaxonomySubject =
  | {
      readonly eventName?: string | undefined;
      readonly attributes: Readonly<Record<string, unknown>>;
    }
  | {
      readonly name: string;
      readonly outcome?: string | undefined;
      readonly reason?: string | undefined;
      /** Tells a refused origin from other refused requests. */
      readonly errorType?: string | undefined;
    };

/** One event in the words of others, under the field names that they use. */
export interface Taxonomy {
  /** Its name in OWASP's logging vocabulary, where that has one. */
  readonly owasp: string | undefined;
  /** Its class, activity and status in the Open Cybersecurity Schema Framework. */
  readonly ocsf: {
    readonly category_uid: number;
    readonly category_name: string;
    readonly class_uid: number;
    readonly class_name: string;
    readonly activity_id: number;
    /** The event's own name where the activity is 99, Other. */
    readonly activity_name: string;
    readonly type_uid: number;
    readonly status_id: 0 | 1 | 2;
    readonly status: "Unknown" | "Success" | "Failure";
    /** The reason of a failure. */
    readonly status_detail?: string;
  };
  /** Its `event.*` fields in the Elastic Common Schema. */
  readonly ecs: {
    readonly category: readonly string[];
    readonly type: readonly string[];
    readonly outcome: "success" | "failure" | "unknown";
    readonly action: string;
  };
}

/**
 * Says what OWASP, OCSF and ECS call an event, for a SIEM that sorts by one of them. Pure.
 *
 * An event of the app's own is told by the last word of its name (`report.export` reads,
 * `invoice.delete` deletes), and by why it failed; where neither says anything, it is an API activity
 * of the kind Other.
 *
 * Sources: OWASP Logging Vocabulary Cheat Sheet, OCSF 1.6, ECS 8.
 *
 * @example
 * taxonomy({ name: "auth.sign_in", outcome: "failure", reason: "locked_out" }).owasp;
 * // "authn_login_lock"
 */
export function taxonomy(event: TaxonomySubject): Taxonomy {
  const facts = readFacts(event);
  const { name, outcome, reason } = facts;
  const { owasp, ocsf, ecs } = classify(facts);
  const [ocsfClass, activity_id, activity_name = name] = ocsf;
  const [category, type] = ecs;
  return {
    owasp,
    ocsf: {
      ...ocsfClass,
      activity_id,
      activity_name,
      // As OCSF defines it for every class.
      type_uid: ocsfClass.class_uid * 100 + activity_id,
      ...statuses[outcome],
      ...(outcome === "failure" && reason !== undefined && { status_detail: reason }),
    },
    ecs: { category, type, outcome, action: name },
  };
}

const statuses = {
  success: { status_id: 1, status: "Success" },
  failure: { status_id: 2, status: "Failure" },
  unknown: { status_id: 0, status: "Unknown" },
} as const;

function readFacts(event: TaxonomySubject): EventFacts {
  const { name, outcome, reason, errorType } =
    "attributes" in event
      ? {
          name: event.eventName,
          outcome: event.attributes[attributes.outcome],
          reason: event.attributes[attributes.failureReason],
          errorType: event.attributes[attributes.errorType],
        }
      : event;
  return {
    name: textOf(name) ?? "",
    outcome: outcome === "success" || outcome === "failure" ? outcome : "unknown",
    reason: textOf(reason),
    errorType: textOf(errorType),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
