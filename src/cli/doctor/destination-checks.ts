import { type Durability, durabilityDefault } from "../../delivery/journal/journal-options.ts";
import { type Check, readme } from "./check.ts";
import { type Destination, isTaken, type Probe, type RoundTripFinding } from "./destination.ts";

/** A Date header has whole seconds, and the answer was on its way for a while. */
const toleratedSkewMillis = 10_000;

const tokenHint = [
  'export PANGEA_TOKEN="$(cat .authlog/ledger.append-token)"',
  "export PANGEA_BASE_URL_TEMPLATE=http://127.0.0.1:4319",
].join("\n");

/** Whether events will arrive where they are to go. */
export function destinationChecks(
  destination: Destination,
  durability: Durability = durabilityDefault,
): Check[] {
  switch (destination.kind) {
    case "none":
      return [
        {
          id: "destination.token",
          status: "fail",
          what: "There is no token, and in production authlog starts no ledger by itself.",
          why: `Events wait in ${durability === "memory" ? "memory" : "the journal"}. Set Pangea's token, or run "npx authlog serve" beside the app and set this.`,
          hint: tokenHint,
          link: readme("err_authlog_token_missing"),
        },
      ];
    case "code":
      return [
        {
          id: "destination.token",
          status: "skip",
          what: "The app has its token from its code, so that the destination was not asked.",
          why: "With PANGEA_TOKEN in the environment of this command, it is.",
          hint: "export PANGEA_TOKEN=",
        },
      ];
    case "unusable": {
      const { message, why, fix, link } = destination.cause;
      const what = message;
      return [{ id: "destination.url", status: "fail", what, why: `${why} ${fix}`, link }];
    }
    case "ledger":
      return [checkLedger(destination), ...probeChecks(destination.url, destination.probe)];
    case "remote":
      return [
        {
          id: "destination.url",
          status: "ok",
          what: `Events go to ${destination.url}`,
          why: "The token is set, and may be sent there.",
        },
        ...probeChecks(destination.url, destination.probe),
      ];
  }
}

function checkLedger({ path, url }: Extract<Destination, { kind: "ledger" }>): Check {
  const id = "destination.ledger";
  if (url !== undefined) {
    const what = `Events go to the embedded ledger at ${url}`;
    return { id, status: "ok", what, why: `It serves ${path}, and has proved that it does.` };
  }
  return {
    id,
    status: "skip",
    what: "Events go to the embedded ledger, which does not run now.",
    why: `There is no token, so outside production it starts with the app, in ${path}.`,
    hint: "npx authlog serve",
    link: readme("the-embedded-ledger"),
  };
}

function probeChecks(url = "", probe: Probe | undefined): Check[] {
  if (probe === undefined) return [];
  const { fault, skewMillis, answer, roundTrip } = probe;
  if (fault !== undefined) return [unreachable(url, fault)];
  return [
    { id: "destination.reach", status: "ok", what: "It answers.", why: `${url} was asked once.` },
    ...(skewMillis === undefined ? [] : [checkClock(skewMillis)]),
    ...(answer === undefined ? [] : [checkToken(answer)]),
    roundTrip === undefined ? unwritten : checkRoundTrip(roundTrip),
  ];
}

function unreachable(url: string, fault: string): Check {
  return {
    id: "destination.reach",
    status: "fail",
    what: `${url} cannot be reached (${fault}).`,
    why: "Sign-ins go on, and events wait. See whether this machine gets there at all.",
    hint: `curl -sS -o /dev/null -w '%{http_code}\\n' ${quoted(url)}`,
    link: readme("err_authlog_delivery_retryable"),
  };
}

function checkClock(skewMillis: number): Check {
  const id = "destination.clock";
  const seconds = Math.round(Math.abs(skewMillis) / 1_000);
  if (Math.abs(skewMillis) <= toleratedSkewMillis) {
    const why = `By the Date of its answer they differ by ${seconds} s.`;
    return { id, status: "ok", what: "Its clock and this machine's agree.", why };
  }
  return {
    id,
    status: "warn",
    what: `Its clock is ${seconds} s ${skewMillis > 0 ? "ahead of" : "behind"} this machine's.`,
    why: "Events carry this machine's time; the time at which they were received will not fit it.",
    hint: "timedatectl status",
  };
}

function checkToken(answer: NonNullable<Probe["answer"]>): Check {
  const id = "destination.token";
  const { httpStatus, status } = answer;
  if (httpStatus === 401 || httpStatus === 403 || status === "Unauthorized") {
    return {
      id,
      status: "fail",
      what: "The token is refused.",
      why: `${wordsOf(answer)}. Take one whose scope is the audit service, and set it in the app's environment.`,
      hint: "export PANGEA_TOKEN=",
      link: readme("err_authlog_delivery_unauthorized"),
    };
  }
  if (isTaken(answer)) {
    return {
      id,
      status: "ok",
      what: "The token is accepted.",
      why: "A request without events got past it.",
    };
  }
  if (httpStatus === 408 || httpStatus === 429 || httpStatus >= 500) {
    return {
      id,
      status: "warn",
      what: "It takes nothing now: whether it takes the token is not known.",
      why: `${wordsOf(answer)}. Sign-ins go on, and events wait until it does. Ask again in a while.`,
      hint: "npx authlog doctor",
      link: readme("err_authlog_delivery_retryable"),
    };
  }
  return {
    id,
    status: "fail",
    what: "It does not answer as an audit log does.",
    why: `${wordsOf(answer)}. Check the domain or the URL, and the configuration's id.`,
    hint: "export PANGEA_DOMAIN=aws.us.pangea.cloud",
    link: readme("err_authlog_delivery_misconfigured"),
  };
}

/** What was answered; without a full stop, which follows. */
function wordsOf({ httpStatus, status, summary }: NonNullable<Probe["answer"]>): string {
  if (status === undefined) return `HTTP ${httpStatus}, and no envelope of Pangea's`;
  return [`HTTP ${httpStatus}`, status, summary].filter(Boolean).join(" ").replace(/\.$/, "");
}

const unwritten: Check = {
  id: "destination.round-trip",
  status: "skip",
  what: "No event was written.",
  why: "Without --no-write one event, authlog.doctor, is appended for good, verified and read back.",
  hint: "npx authlog doctor",
};

function checkRoundTrip({ proven, fault, readBack }: RoundTripFinding): Check {
  const id = "destination.round-trip";
  if (!proven) {
    return {
      id,
      status: "fail",
      what: "An event could not be appended and verified.",
      why: fault ?? "Its proof does not fit.",
      link: readme("err_authlog_delivery_rejected"),
    };
  }
  const appended =
    "One event, authlog.doctor, was appended, and pangea-node-sdk verified its proof.";
  switch (readBack) {
    case "verified":
      return {
        id,
        status: "ok",
        what: "An event was written, verified and read back.",
        why: appended,
      };
    case "not found":
      return {
        id,
        status: "fail",
        what: "The event that was appended was not found again.",
        why: `${appended} A search for its id gave nothing, or something else.`,
        hint: "npx authlog doctor",
      };
    case "no id": {
      const what = "An event was written and verified, but not read back.";
      return { id, status: "ok", what, why: `${appended} The schema has no id to search for.` };
    }
    case "refused":
    case "no token": {
      const what =
        "An event was written and verified, but not read back: set AUTHLOG_READ_TOKEN to a token that may read.";
      const why = `${appended} ${readBack === "refused" ? "The token may not read." : "There is no token that may read."}`;
      return {
        id,
        status: "ok",
        what,
        why,
        hint: "export AUTHLOG_READ_TOKEN=",
        link: readme("the-embedded-ledger"),
      };
    }
  }
}

/** For a POSIX shell. */
const quoted = (text: string): string => `'${text.replaceAll("'", "%27")}'`;
