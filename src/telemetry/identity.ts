import { V7Generator } from "uuidv7";
import { getSlot, type RecordIdentity } from "../slot.ts";

/** Random numbers for that many ids at a time: asking for those of one takes longer than the id. */
const random = new Uint32Array(256);
let taken = random.length;

const uids = new V7Generator({
  nextUint32() {
    if (taken === random.length) {
      crypto.getRandomValues(random);
      taken = 0;
    }
    const next = random[taken] ?? 0;
    taken += 1;
    return next;
  },
});

/** A UUIDv7. */
export function takeUid(): string {
  return uids.generate().toString();
}

/** Takes the next place in the producer's count: for an event that happens now and is told later. */
export function takeIdentity(): RecordIdentity {
  const { producer } = getSlot();
  producer.id ||= crypto.randomUUID();
  producer.sequence += 1;
  return { uid: takeUid(), producerId: producer.id, sequence: producer.sequence };
}
