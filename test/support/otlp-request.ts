/** One log record as a collector hands it on. */
export interface OtlpRecord {
  eventName: string;
  body: unknown;
  severityNumber: number;
  severityText: string;
  timeUnixNano: bigint;
  observedTimeUnixNano: bigint;
  traceId: string;
  spanId: string;
  attributes: Record<string, unknown>;
  droppedAttributesCount: number;
  resource: Record<string, unknown>;
  scope: string;
}

type Field = number | bigint | Buffer;

/** A message of protobuf's wire format: what stands under each field's number, in order. */
type Message = Map<number, Field[]>;

/**
 * The records of an `ExportLogsServiceRequest` in protobuf, as the OTLP specification 1.9 numbers its
 * fields. A reader of the tests' own: the SDK only writes these messages.
 */
export function readOtlpRecords(body: Buffer): OtlpRecord[] {
  return messages(parse(body), 1).flatMap((resourceLogs) => {
    const [resource = new Map()] = messages(resourceLogs, 1);
    return messages(resourceLogs, 2).flatMap((scopeLogs) => {
      const [scope = new Map()] = messages(scopeLogs, 1);
      return messages(scopeLogs, 2).map((record) => ({
        eventName: text(record, 12),
        body: messages(record, 5).map(readValue)[0],
        severityNumber: Number(record.get(2)?.[0] ?? 0),
        severityText: text(record, 3),
        timeUnixNano: record.get(1)?.[0] as bigint,
        observedTimeUnixNano: record.get(11)?.[0] as bigint,
        traceId: bytes(record, 9).toString("hex"),
        spanId: bytes(record, 10).toString("hex"),
        attributes: keyValues(record, 6),
        droppedAttributesCount: Number(record.get(7)?.[0] ?? 0),
        resource: keyValues(resource, 1),
        scope: text(scope, 1),
      }));
    });
  });
}

function parse(buffer: Buffer): Message {
  const message: Message = new Map();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = buffer.readUInt8(at++);
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  const fixed = (length: number): Buffer => buffer.subarray(at, (at += length));
  while (at < buffer.length) {
    const tag = Number(varint());
    const field = read(tag & 7);
    message.set(tag >> 3, [...(message.get(tag >> 3) ?? []), field]);
  }
  return message;

  function read(wireType: number): Field {
    switch (wireType) {
      case 0:
        return varint();
      case 1:
        return fixed(8).readBigUInt64LE();
      case 2:
        return fixed(Number(varint()));
      case 5:
        return fixed(4).readUInt32LE();
      default:
        throw new Error(`Wire type ${wireType} is none of protobuf's.`);
    }
  }
}

const bytes = (message: Message, field: number): Buffer =>
  (message.get(field)?.[0] as Buffer | undefined) ?? Buffer.alloc(0);

const text = (message: Message, field: number): string => bytes(message, field).toString();

const messages = (message: Message, field: number): Message[] =>
  (message.get(field) ?? []).map((value) => parse(value as Buffer));

function keyValues(message: Message, field: number): Record<string, unknown> {
  return Object.fromEntries(
    messages(message, field).map((pair) => [text(pair, 1), messages(pair, 2).map(readValue)[0]]),
  );
}

/** OTLP's `AnyValue`: one of its fields is set. */
function readValue(value: Message): unknown {
  for (const [field, [first]] of value) {
    if (field === 1) return (first as Buffer).toString();
    if (field === 2) return first === 1n;
    if (field === 3) return Number(first);
    if (field === 4) return double(first as bigint);
    if (field === 5) return messages(parse(first as Buffer), 1).map(readValue);
    if (field === 6) return keyValues(parse(first as Buffer), 1);
    if (field === 7) return new Uint8Array(first as Buffer);
  }
  return undefined;
}

function double(bits: bigint): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, bits);
  return view.getFloat64(0);
}
