import { plural } from "../../delivery/plural.ts";
import type { AppState } from "../../setup/app-state.ts";
import { age } from "../journal/units.ts";
import { type Check, readme } from "./check.ts";
import type { Destination } from "./destination.ts";
import type { AppStateFinding } from "./read-app-state.ts";
import type { JournalFinding } from "./read-journal.ts";

/** Whether the app's own deliveries arrive, and whether anything takes what waits. */
export function deliveryChecks(
  finding: AppStateFinding,
  journal: JournalFinding,
  destination: Destination,
  nowMillis: number,
): Check[] {
  const state = finding.kind === "found" ? finding.state : undefined;
  const running = finding.kind === "found" && finding.running;
  return [
    ...(state === undefined ? [] : checkLast(state, nowMillis)),
    ...(state === undefined ? [] : checkPlace(state, running, destination)),
    ...checkWaiting(journal, destination, running ? state?.destination.kind : undefined),
  ];
}

function checkLast({ failed, deliveredUnixMillis }: AppState, nowMillis: number): Check[] {
  const id = "destination.delivery";
  if (failed !== undefined) {
    return [
      {
        id,
        status: "fail",
        what: `The app's last delivery failed, ${age(nowMillis - failed.unixMillis)} ago: ${failed.code}.`,
        why: "Its events are kept, and sent again. The app's own log says why.",
        hint: "npx authlog journal",
        link: readme(failed.code.toLowerCase()),
      },
    ];
  }
  if (deliveredUnixMillis === undefined) return [];
  const what = `The app delivered last ${age(nowMillis - deliveredUnixMillis)} ago.`;
  return [{ id, status: "ok", what, why: "The app says so itself." }];
}

/** A shell often lacks the environment that the app has. */
function checkPlace({ destination: app }: AppState, running: boolean, here: Destination): Check[] {
  const id = "destination.app";
  // What the settings say by now holds from its next start on.
  const hasOneSoon = !running && (here.kind === "remote" || here.kind === "code");
  if (app.kind === "none" && !hasOneSoon) {
    return [
      {
        id,
        status: "fail",
        what: running
          ? "The app that runs has no destination."
          : "The app had no destination when it ran last.",
        why: "It has no token, or a URL that cannot be used: its log says which. Events wait.",
        hint: "export PANGEA_TOKEN=",
        link: readme("err_authlog_token_missing"),
      },
    ];
  }
  if (app.kind === "none" || !running) return [];
  const ofApp = app.kind === "ledger" ? app.path : app.url;
  const ofHere = here.kind === "ledger" ? here.path : here.kind === "remote" ? here.url : undefined;
  if (here.kind === "code" || ofApp === ofHere) return [];
  return [
    {
      id,
      status: "warn",
      what: `The app that runs delivers to ${ofApp}, which is not what the settings here say.`,
      why: "Its environment, or its code, says otherwise. Ask again with the environment that the app has.",
      hint: "npx authlog doctor",
      link: readme("configuration"),
    },
  ];
}

/** Never is anything in order while events wait for want of a destination. */
function checkWaiting(
  { dir, summary }: JournalFinding,
  here: Destination,
  kindOfApp: AppState["destination"]["kind"] | undefined,
): Check[] {
  const depth = summary?.total.depth ?? 0;
  const isTaken = here.kind === "remote" || here.kind === "code" || kindOfApp === "remote";
  if (depth === 0 || isTaken || (here.kind === "ledger" && here.url !== undefined)) return [];
  const serves = here.kind === "ledger";
  const [wait, them, they] = depth === 1 ? ["waits", "it", "It is"] : ["wait", "them", "They are"];
  return [
    {
      id: "destination.waiting",
      status: "fail",
      what: `${plural(depth, "event")} ${wait}, and nothing takes ${them}.`,
      why: serves
        ? `${they} in ${dir}. There is no token, and the ledger ${here.path} is not served: ${kindOfApp === "ledger" ? "the app runs, and its log says why" : "start the app, which serves it and delivers"}.`
        : `${they} in ${dir}, and there is no destination that can be used.`,
      ...(kindOfApp !== "ledger" && { hint: serves ? "npm run dev" : "export PANGEA_TOKEN=" }),
      link: readme(serves ? "the-embedded-ledger" : "err_authlog_token_missing"),
    },
  ];
}
