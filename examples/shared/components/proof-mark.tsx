/** Says whether a record's hash and membership proof were verified. */
export function ProofMark({ proven }: { proven: boolean }) {
  return proven ? (
    <span className="proof" title="The record's hash and its place in the log's tree are verified">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="m3.5 8.5 3 3 6-7" />
      </svg>
      verified
    </span>
  ) : (
    <span className="proof broken" title="The record or its proof is not what was written">
      <svg viewBox="0 0 16 16" aria-hidden="true">
        <path d="m4 4 8 8m0-8-8 8" />
      </svg>
      proof failed
    </span>
  );
}
