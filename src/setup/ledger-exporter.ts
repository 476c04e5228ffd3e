import { AuthlogError } from "../errors.ts";
import type { DeliveringExporter } from "../telemetry/exporter.ts";

/** What is known of a running ledger. */
export interface Ledger {
  readonly url: string;
  readonly token: string;
  /** Whether another process serves it. */
  readonly joined: boolean;
  /** Has it keep the process alive no longer. */
  unref(): void;
  close(): Promise<void>;
}

/** An exporter that finds the ledger by itself. */
export interface LedgerExporter extends DeliveringExporter {
  /**
   * Starts the ledger, or joins it; rejects where it can neither be started nor joined now.
   *
   * @returns whether it can take events: once it is shut down, it cannot
   */
  ready(): Promise<boolean>;
}

/**
 * Delivers to the embedded ledger. One that another process serves can go away, come back on another
 * port, or leave its port to a stranger: so before each delivery it is found, and made to prove
 * itself, anew; where nobody serves it any more, this process does.
 *
 * @param start starts the ledger, or joins the one that runs
 * @param connect makes the exporter to it
 */
export function ledgerExporter(
  start: () => Promise<Ledger>,
  connect: (ledger: Ledger) => DeliveringExporter,
): LedgerExporter {
  let current: { ledger: Ledger; exporter: DeliveringExporter } | undefined;
  let finding: Promise<DeliveringExporter> | undefined;
  let isShutDown = false;

  async function look(): Promise<DeliveringExporter> {
    const ledger = await start();
    // It is a part of the app, which ends when it has nothing else to do.
    ledger.unref();
    const isSame = current?.ledger.url === ledger.url && current.ledger.token === ledger.token;
    const exporter = isSame && current ? current.exporter : connect(ledger);
    current = { ledger, exporter };
    return exporter;
  }

  /** One look at a time: a second one would find the ledger that the first is starting. */
  function find(): Promise<DeliveringExporter> {
    // One that is started now would be closed by nobody.
    if (isShutDown) return Promise.reject(new Error("The exporter is shut down."));
    if (current?.ledger.joined === false) return Promise.resolve(current.exporter);
    finding ??= look().finally(() => {
      finding = undefined;
    });
    return finding;
  }

  return {
    async ready() {
      if (!isShutDown) await find();
      return !isShutDown;
    },
    async deliver(records, ...rest) {
      try {
        return await (await find()).deliver(records, ...rest);
      } catch (cause) {
        return { status: "retryable", cause: unreachable(cause) };
      }
    },
    export(records, resultCallback) {
      find().then(
        (exporter) => exporter.export(records, resultCallback),
        (cause: unknown) => resultCallback({ code: 1, error: unreachable(cause) }),
      );
    },
    forceFlush: () => current?.exporter.forceFlush() ?? Promise.resolve(),
    async shutdown() {
      isShutDown = true;
      // One that is still being started would outlive its process's end otherwise.
      await finding?.catch(() => {});
      await current?.exporter.shutdown();
      await current?.ledger.close();
    },
  };
}

function unreachable(cause: unknown): AuthlogError {
  return AuthlogError.is(cause)
    ? cause
    : new AuthlogError("ERR_AUTHLOG_DELIVERY_RETRYABLE", {
        message: "The embedded ledger could not be reached; the events are kept and sent again.",
        why: cause instanceof Error ? cause.message : "Something that is no error was thrown.",
        fix: "Correct what the cause names; the events are kept until then.",
        cause,
      });
}
