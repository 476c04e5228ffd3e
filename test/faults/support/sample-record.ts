import type { AuthLogRecord } from "../../../src/slot.ts";

/** Characters that a format of lines, or of JSON, may stumble over. */
const awkward = 'é "quoted" \\ back\nnew\r\u2028\u0000\t😀 </script> {"crc32":"00000000"}';

/**
 * The `n`th record of a run, the same one whoever asks: what is found in the end is compared with it.
 * Some are long, so that they do not fit into one page of the kernel.
 */
export function sampleRecord(run: string, n: number): AuthLogRecord {
  const span = n.toString(16).padStart(16, "1");
  return {
    eventName: "auth.sign_in",
    timeUnixMillis: 1_780_000_000_000 + n,
    severityNumber: 9,
    severityText: "INFO",
    body: `${run} signed in for the ${n}th time`,
    attributes: {
      "log.record.uid": `${run}.${n}`,
      "authlog.producer.id": run,
      "authlog.sequence": n,
      "user.id": run,
      "auth.outcome": "success",
      "auth.user.is_new": n % 2 === 0,
      "test.text": n % 7 === 0 ? awkward.repeat(1 + (n % 90)) : awkward,
      "test.number": n / 7,
      "test.list": ["", String(n), awkward],
    },
    ...(n % 3 === 0 && {
      remoteSpan: { traceId: span.repeat(2), spanId: span, traceFlags: 1 },
    }),
  };
}
