import { describe, expect, it } from "vitest";
import { AuthlogError, type AuthlogErrorCode } from "../../../src/errors.ts";
import { type RetryOptions, retryWithin } from "../../../src/pangea/retry-within.ts";
import type { DeliveryOutcome } from "../../../src/telemetry/exporter.ts";

const retryable = (code: AuthlogErrorCode, retryAfterMillis?: number): DeliveryOutcome => ({
  status: "retryable",
  cause: new AuthlogError(code, { message: "", why: "", fix: "" }),
  ...(retryAfterMillis === undefined ? {} : { retryAfterMillis }),
});

/** Runs a script of outcomes, without jitter if not told otherwise; gives the last outcome and how many were asked for. */
async function attemptsOf(
  script: DeliveryOutcome[],
  options: Partial<RetryOptions> = {},
): Promise<[DeliveryOutcome, number]> {
  let attempts = 0;
  const next = async (): Promise<DeliveryOutcome> => script[attempts++] ?? { status: "delivered" };
  const outcome = await retryWithin(next, {
    timeoutMillis: 60_000,
    maxRetries: 3,
    random: () => 0,
    ...options,
  });
  return [outcome, attempts];
}

describe("retries within a deadline", () => {
  const passing = retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE");

  it("repeat what may pass by itself, so many times", async () => {
    expect(await attemptsOf([passing, passing])).toEqual([{ status: "delivered" }, 3]);
    expect(await attemptsOf([passing, passing, passing, passing])).toEqual([passing, 4]);
  });

  it.each<AuthlogErrorCode>([
    "ERR_AUTHLOG_DELIVERY_UNAUTHORIZED",
    "ERR_AUTHLOG_DELIVERY_MISCONFIGURED",
    "ERR_AUTHLOG_TOKEN_MISSING",
    "ERR_AUTHLOG_EXPORTER_SHUT_DOWN",
  ])("do not repeat %s", async (code) => {
    expect(await attemptsOf([retryable(code)])).toEqual([retryable(code), 1]);
  });

  it("end with a doubt where any attempt ended with one", async () => {
    const refused = retryable("ERR_AUTHLOG_DELIVERY_UNAUTHORIZED");
    const unclear: DeliveryOutcome = { ...passing, unclear: true } as DeliveryOutcome;
    expect(await attemptsOf([unclear, refused])).toEqual([{ ...refused, unclear: true }, 2]);
    expect(await attemptsOf([unclear])).toEqual([{ status: "delivered" }, 2]);
  });

  it("do not wait past the deadline", async () => {
    const later = retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE", 60_000);
    expect(await attemptsOf([later], { timeoutMillis: 59_000 })).toEqual([later, 1]);
  });

  it("come when the destination asks for them, not after a longer wait of our own", async () => {
    const soon = retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE", 1);
    const options = { timeoutMillis: 400, random: () => 1 };
    expect(await attemptsOf([soon, soon], options)).toEqual([{ status: "delivered" }, 3]);
  });

  it("do not come at once, nor all together, where that is what was asked for", async () => {
    const atOnce = retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE", 0);
    const options = { timeoutMillis: 400, random: () => 1 };
    expect(await attemptsOf([atOnce], options)).toEqual([atOnce, 1]);
  });

  it("have one more, and no pause before it, when they are to end", async () => {
    const later = retryable("ERR_AUTHLOG_DELIVERY_RETRYABLE", 50_000);
    const hurry = AbortSignal.abort();
    expect(await attemptsOf([later, later, later], { hurry })).toEqual([later, 2]);
    expect(await attemptsOf([later], { hurry })).toEqual([{ status: "delivered" }, 2]);
  });
});
