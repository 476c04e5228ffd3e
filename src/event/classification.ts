import { type AuthEventName, eventNames, failureReasons } from "../vocabulary.ts";

/** What an event is classified by. */
export interface EventFacts {
  readonly name: string;
  readonly outcome: "success" | "failure" | "unknown";
  readonly reason: string | undefined;
  readonly errorType: string | undefined;
}

/** Where an event stands in each taxonomy. */
export interface Classification {
  readonly owasp: string | undefined;
  /** The activity's name is left out where it is Other: the event's own then stands for it. */
  readonly ocsf: readonly [ocsfClass: OcsfClass, activityId: number, activityName?: string];
  readonly ecs: readonly [category: readonly string[], type: readonly string[]];
}

interface OcsfClass {
  readonly category_uid: number;
  readonly category_name: string;
  readonly class_uid: number;
  readonly class_name: string;
}

const iam = { category_uid: 3, category_name: "Identity & Access Management" } as const;
const accountChange = { ...iam, class_uid: 3001, class_name: "Account Change" } as const;
const authentication = { ...iam, class_uid: 3002, class_name: "Authentication" } as const;
const eventLog = {
  category_uid: 1,
  category_name: "System Activity",
  class_uid: 1008,
  class_name: "Event Log Activity",
} as const;
const api = {
  category_uid: 6,
  category_name: "Application Activity",
  class_uid: 6003,
  class_name: "API Activity",
} as const;

/** The activity that no other one of a class fits. */
const other = 99;

/** A row of the table: what OWASP calls the event depends on how it ended. */
interface Row extends Omit<Classification, "owasp"> {
  readonly done?: string;
  readonly failed?: string;
  /** For an event that neither succeeds nor fails. */
  readonly happened?: string;
}

const refused: Row = {
  failed: "input_validation_fail",
  ocsf: [authentication, other],
  ecs: [["authentication"], ["info"]],
};

const rows: Readonly<Record<AuthEventName, Row>> = {
  [eventNames.signIn]: {
    done: "authn_login_success",
    failed: "authn_login_fail",
    ocsf: [authentication, 1, "Logon"],
    ecs: [["authentication"], ["start"]],
  },
  [eventNames.signOut]: {
    done: "session_expired",
    ocsf: [authentication, 2, "Logoff"],
    ecs: [["authentication"], ["end"]],
  },
  [eventNames.verificationRequest]: {
    done: "authn_token_created",
    ocsf: [authentication, 6, "Preauth"],
    ecs: [["authentication"], ["info"]],
  },
  [eventNames.userCreate]: {
    done: "user_created",
    ocsf: [accountChange, 1, "Create"],
    ecs: [["iam"], ["user", "creation"]],
  },
  [eventNames.userUpdate]: {
    done: "user_updated",
    ocsf: [accountChange, other],
    ecs: [["iam"], ["user", "change"]],
  },
  [eventNames.accountLink]: {
    done: "user_updated",
    ocsf: [accountChange, other],
    ecs: [["iam"], ["user", "change"]],
  },
  [eventNames.sessionReject]: {
    failed: "crypt_decrypt_fail",
    ocsf: [authentication, other],
    ecs: [["session"], ["info"]],
  },
  [eventNames.sessionRead]: {
    ocsf: [authentication, other],
    ecs: [["session"], ["info"]],
  },
  [eventNames.requestReject]: refused,
  [eventNames.rateLimit]: {
    failed: "excess_rate_limit_exceeded",
    ocsf: [authentication, 1, "Logon"],
    ecs: [["authentication"], ["info"]],
  },
  [eventNames.gap]: {
    happened: "sys_monitor_disabled",
    ocsf: [eventLog, other],
    ecs: [["host"], ["info"]],
  },
};

/** Reasons that OWASP has a word for, whatever it was that failed. */
const owaspReasons: ReadonlyMap<string, string> = new Map([
  [failureReasons.lockedOut, "authn_login_lock"],
  [failureReasons.rateLimited, "excess_rate_limit_exceeded"],
  [failureReasons.csrfInvalid, "sequence_fail"],
  [failureReasons.invalidState, "sequence_fail"],
  [failureReasons.tokenExpired, "session_use_after_expire"],
  [failureReasons.tokenInvalid, "crypt_decrypt_fail"],
]);

/** Types of error by which a framework refuses a request for where it came from. */
const originErrors: ReadonlySet<string> = new Set(["UntrustedHost", "INVALID_ORIGIN"]);

/** Looks an event up in the table; one of the app's own is told by its name and its reason. */
export function classify(facts: EventFacts): Classification {
  const { done, failed, happened, ocsf, ecs } = rowOf(facts);
  const owasp = {
    success: done,
    failure: owaspReasons.get(facts.reason ?? "") ?? failed,
    unknown: happened,
  }[facts.outcome];
  return { owasp, ocsf, ecs };
}

function rowOf(facts: EventFacts): Row {
  const { name, errorType } = facts;
  if (!Object.hasOwn(rows, name)) return ownRow(facts);
  const row = rows[name as AuthEventName];
  if (row !== refused) return row;
  if (errorType !== undefined && originErrors.has(errorType)) {
    return { ...refused, failed: "malicious_cors" };
  }
  // A check that failed did so on the way to a logon; the other refusals never got that far.
  return owaspReasons.get(facts.reason ?? "") === "sequence_fail"
    ? { ...refused, ocsf: [authentication, 1, "Logon"] }
    : refused;
}

interface Deed {
  /** The words that stand for it at the end of an event's name. */
  readonly words: readonly string[];
  readonly owasp: string;
  readonly activity: readonly [activityId: number, activityName: string];
  readonly ecsType: string;
}

const deeds: readonly Deed[] = [
  {
    words: ["create", "add", "invite", "upload", "issue"],
    owasp: "sensitive_create",
    activity: [1, "Create"],
    ecsType: "creation",
  },
  {
    words: ["read", "view", "list", "search", "export", "download"],
    owasp: "sensitive_read",
    activity: [2, "Read"],
    ecsType: "access",
  },
  {
    words: ["update", "change", "edit", "set", "rename", "refund", "cancel"],
    owasp: "sensitive_update",
    activity: [3, "Update"],
    ecsType: "change",
  },
  {
    words: ["delete", "remove", "erase", "purge"],
    owasp: "sensitive_delete",
    activity: [4, "Delete"],
    ecsType: "deletion",
  },
];

/** Reasons by which somebody was kept from what was not theirs to do. */
const denials: ReadonlySet<string> = new Set([failureReasons.accessDenied, "unauthorized"]);

function ownRow({ name, reason }: EventFacts): Row {
  // `user.email_change` changes as `user.email.change` does.
  const word = name.split(/[._]/).at(-1) ?? "";
  const deed = deeds.find(({ words }) => words.includes(word));
  const [activityId, activityName] = deed?.activity ?? [other];
  return {
    ...(deed && { done: deed.owasp }),
    ...(denials.has(reason ?? "") && { failed: "authz_fail" }),
    ocsf: activityName === undefined ? [api, activityId] : [api, activityId, activityName],
    ecs: [["api"], [deed?.ecsType ?? "info"]],
  };
}
