/**
 * Thrown where the ledger's own rows contradict one another. The message says what is wrong and
 * where, by numbers and names of the file's: it never quotes an event.
 */
export class Damage extends Error {
  override readonly name = "Damage";
}
