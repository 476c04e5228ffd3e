import { uuidv7 } from "uuidv7";
import { getSlot, type RecordIdentity } from "../slot.ts";

/** Takes the next place in the producer's count: for an event that happens now and is told later. */
export function takeIdentity(): RecordIdentity {
  const { producer } = getSlot();
  producer.sequence += 1;
  return { uid: uuidv7(), producerId: producer.id, sequence: producer.sequence };
}
