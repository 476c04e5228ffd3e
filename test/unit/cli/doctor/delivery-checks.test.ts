import { expect, it } from "vitest";
import { deliveryChecks } from "../../../../src/cli/doctor/delivery-checks.ts";
import type { Destination } from "../../../../src/cli/doctor/destination.ts";
import type { AppStateFinding } from "../../../../src/cli/doctor/read-app-state.ts";
import { found, journalOf, nowMillis } from "./app-of.ts";

const url = "https://audit.example.com";
const remote: Destination = { kind: "remote", url, probe: {} };
const path = "/app/.authlog/ledger.db";
const unserved: Destination = { kind: "ledger", path };
const served: Destination = { kind: "ledger", path, url: "http://127.0.0.1:4319" };
const none: Destination = { kind: "none" };
const missing: AppStateFinding = { kind: "missing" };
const onLedger = found({ destination: { kind: "ledger", path } });

const said = (finding: AppStateFinding, depth: number, destination: Destination): string[] =>
  deliveryChecks(finding, journalOf(depth), destination, nowMillis).map(
    ({ id, status, what }) => `${id.replace("destination.", "")} ${status}: ${what}`,
  );

const delivered = "delivery ok: The app delivered last 59 s ago.";
const waiting = "waiting fail: 3 events wait, and nothing takes them.";

it.each<[string, AppStateFinding, number, Destination, string[]]>([
  ["an app that delivers", found(), 0, remote, [delivered]],
  ["one that delivers while some wait", found(), 3, remote, [delivered]],
  ["one on a ledger that is served", onLedger, 3, served, [delivered]],
  ["events and no token", missing, 3, none, [waiting]],
  ["events and a ledger that nobody serves", missing, 3, unserved, [waiting]],
  ["the same, of an app that has ended", found({}, false), 3, unserved, [delivered, waiting]],
  ["no event and no ledger", missing, 0, unserved, []],
  ["one event", missing, 1, none, ["waiting fail: 1 event waits, and nothing takes it."]],
])("%s", (_, finding, depth, destination, expected) => {
  expect(said(finding, depth, destination)).toEqual(expected);
});

it("says that the app's last delivery failed, with its code", () => {
  const failed = { unixMillis: nowMillis - 5_000, code: "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED" };
  expect(said(found({ failed }), 0, remote)).toEqual([
    "delivery fail: The app's last delivery failed, 5 s ago: ERR_AUTHLOG_DELIVERY_UNAUTHORIZED.",
  ]);
});

it("does not ask for a start of the app that runs, and could not serve its ledger", () => {
  const [last] = deliveryChecks(onLedger, journalOf(3), unserved, nowMillis).slice(-1);
  expect(last).toMatchObject({ id: "destination.waiting", status: "fail" });
  expect(last?.why).toContain("the app runs, and its log says why.");
  expect(last).not.toHaveProperty("hint");
});

it("says that the app that runs has no destination, whatever this shell has", () => {
  const finding = found({ destination: { kind: "none" } });
  expect(said(finding, 0, remote)).toContain("app fail: The app that runs has no destination.");
});

it("says that the app had no destination, as long as nothing says that it will have one", () => {
  const finding = found({ destination: { kind: "none" } }, false);
  const fault = "app fail: The app had no destination when it ran last.";
  for (const here of [unserved, none]) expect(said(finding, 0, here)).toContain(fault);
  expect(said(finding, 0, remote)).toEqual([delivered]);
});

it("says where the app that runs delivers, where this shell's settings say otherwise", () => {
  expect(said(found(), 3, unserved)).toEqual([
    delivered,
    `app warn: The app that runs delivers to ${url}, which is not what the settings here say.`,
  ]);
  expect(said(found({}, false), 0, unserved)).toEqual([delivered]);
  expect(said(found(), 0, { kind: "code" })).toEqual([delivered]);
});
