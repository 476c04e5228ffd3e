import type { Trail } from "../lib/trail";
import { TrailRow } from "./trail-row";

export function TrailCard({ trail }: { trail: Trail }) {
  return (
    <section className="card trail" aria-labelledby="trail-title">
      <h2 id="trail-title">The audit log</h2>
      <TrailBody trail={trail} />
    </section>
  );
}

function TrailBody({ trail }: { trail: Trail }) {
  switch (trail.status) {
    case "unset":
      return (
        <div className="notice" role="status">
          <p>This page was not told where the audit log is.</p>
          <p className="muted">
            Start the demo with <code>npm run demo</code>, or set <code>AUTHLOG_READ_TOKEN</code>{" "}
            and <code>PANGEA_BASE_URL_TEMPLATE</code>.
          </p>
        </div>
      );
    case "unreachable":
      return (
        <div className="notice" role="status">
          <p>The audit log does not answer right now.</p>
          <p className="muted">
            Signing in still works, and what happens meanwhile is kept and delivered later. Reason:{" "}
            {trail.why}
          </p>
        </div>
      );
    case "read":
      if (trail.entries.length === 0) {
        return (
          <div className="notice" role="status">
            <p>Nothing has happened yet.</p>
            <p className="muted">Sign in, and it stands here a moment later.</p>
          </div>
        );
      }
      return (
        <table>
          <caption>
            The latest {trail.entries.length} of {trail.total}. The proof of each was verified with
            Pangea’s own SDK just now.
          </caption>
          <thead>
            <tr>
              <th scope="col">Event</th>
              <th scope="col">Who</th>
              <th scope="col">From</th>
              <th scope="col">When (UTC)</th>
              <th scope="col">Proof</th>
            </tr>
          </thead>
          <tbody>
            {trail.entries.map((entry) => (
              <TrailRow key={entry.hash} entry={entry} />
            ))}
          </tbody>
        </table>
      );
  }
}
