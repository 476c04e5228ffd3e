import { auth } from "../auth";
import { LiveRefresh } from "../components/live-refresh";
import { SessionCard } from "../components/session-card";
import { SignInCard } from "../components/sign-in-card";
import { TrailCard } from "../components/trail-card";
import { problemText } from "../lib/problems";
import { readTrail } from "../lib/trail";
import { demoUsers } from "../lib/demo-users";

interface Props {
  searchParams: Promise<{ error?: string; code?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const [session, trail, { error, code }] = await Promise.all([
    auth(),
    readTrail(25),
    searchParams,
  ]);
  const problem = error === undefined ? undefined : problemText(error, code);

  return (
    <main>
      <header>
        <h1>
          auth<span>log</span>
        </h1>
        <p>Sign in, or fail to. Either way it is written down, and nobody can edit it unseen.</p>
      </header>
      <div className="columns">
        {session?.user ? (
          <SessionCard name={session.user.name} email={session.user.email} problem={problem} />
        ) : (
          <SignInCard users={demoUsers} problem={problem} />
        )}
        <TrailCard trail={trail} />
      </div>
      <LiveRefresh everyMillis={2000} />
    </main>
  );
}
