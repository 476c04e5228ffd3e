import { Frame } from "authlog-example-shared/components/frame";
import { LiveRefresh } from "authlog-example-shared/components/live-refresh";
import { readTrail } from "authlog-example-shared/lib/trail";
import { getServerSession } from "next-auth";
import { sessionOptions } from "../auth-options";
import { Routers } from "../components/routers";
import { SessionCard } from "../components/session-card";
import { SignInCard } from "../components/sign-in-card";
import { explain } from "../lib/explain";

interface Props {
  searchParams: Promise<{ error?: string }>;
}

export default async function Page({ searchParams }: Props) {
  const [session, trail, { error }] = await Promise.all([
    getServerSession(sessionOptions),
    readTrail(25),
    searchParams,
  ]);
  const problem = explain(error);

  return (
    <Frame trail={trail} aside={<Routers current="/" />}>
      {session?.user ? (
        <SessionCard name={session.user.name} email={session.user.email} problem={problem} />
      ) : (
        <SignInCard problem={problem} />
      )}
      <LiveRefresh everyMillis={2000} />
    </Frame>
  );
}
