import { expect, it } from "vitest";
import { ledgerExporter, type Ledger } from "../../../src/setup/ledger-exporter.ts";
import { createExporter, type ScriptedExporter } from "../../support/delivery.ts";

/** A ledger that is where the test says, and an exporter for each place that was connected to. */
function create(find: () => Ledger) {
  const connected = new Map<string, ScriptedExporter>();
  const exporter = ledgerExporter(
    () => Promise.resolve().then(find),
    ({ url }) => {
      const made = createExporter();
      connected.set(url, made);
      return made;
    },
  );
  return { exporter, connected };
}

const at = (url: string, joined = true, close = (): void => {}): Ledger => ({
  url,
  token: `token of ${url}`,
  joined,
  unref() {},
  close: () => Promise.resolve(close()),
});

it("a joined ledger is found anew before each delivery, and followed to another port", async () => {
  let place = at("http://127.0.0.1:1");
  const { exporter, connected } = create(() => place);
  await exporter.deliver([]);
  await exporter.deliver([]);
  place = at("http://127.0.0.1:2");
  await exporter.deliver([]);
  expect([...connected].map(([url, { batches }]) => [url, batches.length])).toEqual([
    ["http://127.0.0.1:1", 2],
    ["http://127.0.0.1:2", 1],
  ]);
});

it("nothing is sent to a ledger that does not prove itself; the batch is tried again", async () => {
  let isThere = false;
  const { exporter, connected } = create(() => {
    if (!isThere) throw new Error("the port is a stranger's");
    return at("http://127.0.0.1:1");
  });
  await expect(exporter.ready()).rejects.toThrow("stranger");
  expect(await exporter.deliver([])).toMatchObject({ status: "retryable" });
  expect(connected.size).toBe(0);
  isThere = true;
  expect(await exporter.deliver([])).toEqual({ status: "delivered" });
});

it("a ledger that this process serves is asked for once", async () => {
  let asked = 0;
  const { exporter } = create(() => {
    asked += 1;
    return at("http://127.0.0.1:1", false);
  });
  await exporter.ready();
  await exporter.deliver([]);
  await exporter.deliver([]);
  expect(asked).toBe(1);
});

it("two that ask at the same time ask once: the second would find what the first starts", async () => {
  let asked = 0;
  const { exporter } = create(() => {
    asked += 1;
    return at("http://127.0.0.1:1", false);
  });
  await Promise.all([exporter.ready(), exporter.deliver([])]);
  expect(asked).toBe(1);
});

it("a shutdown closes the ledger, also one that is still being started", async () => {
  const closed: string[] = [];
  const { exporter } = create(() => at("http://127.0.0.1:1", false, () => closed.push("ledger")));
  const ready = exporter.ready();
  await exporter.shutdown();
  await ready;
  expect(closed).toEqual(["ledger"]);
});

it("after a shutdown no ledger is started, which nobody would close", async () => {
  let asked = 0;
  const { exporter } = create(() => {
    asked += 1;
    return at("http://127.0.0.1:1", false);
  });
  await exporter.shutdown();
  expect(await exporter.ready()).toBe(false);
  expect(await exporter.deliver([])).toMatchObject({ status: "retryable" });
  expect(asked).toBe(0);
});
