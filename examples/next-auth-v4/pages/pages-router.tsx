import { Frame } from "authlog-example-shared/components/frame";
import { SessionCard } from "authlog-example-shared/components/session-card";
import { SignInCard } from "authlog-example-shared/components/sign-in-card";
import { useWhileVisible } from "authlog-example-shared/lib/use-while-visible";
import { readTrail, type Trail } from "authlog-example-shared/lib/trail";
import type { GetServerSideProps } from "next";
import Head from "next/head";
import { useRouter } from "next/router";
import { getServerSession, type Session } from "next-auth";
import { signIn, signOut, useSession } from "next-auth/react";
import { useCallback, useState } from "react";
import { sessionOptions } from "../auth-options";
import { Routers } from "../components/routers";
import { explain } from "../lib/explain";

interface Props {
  session: Session | null;
  trail: Trail;
}

export const getServerSideProps: GetServerSideProps<Props> = async ({ req, res }) => {
  const [session, trail] = await Promise.all([
    getServerSession(req, res, sessionOptions),
    readTrail(25),
  ]);
  return { props: { session: asJson(session), trail } };
};

export default function Page({ trail }: Props) {
  const { data: session } = useSession();
  const [problem, setProblem] = useState<string>();
  const router = useRouter();
  const refresh = useCallback(() => void router.replace(router.pathname), [router]);
  useWhileVisible(2000, refresh);

  async function signInByHandler(form: FormData): Promise<void> {
    const answer = await signIn("credentials", {
      email: form.get("email"),
      password: form.get("password"),
      redirect: false,
    });
    setProblem(explain(answer?.error));
  }

  return (
    <Frame trail={trail} aside={<Routers current="/pages-router" />}>
      <Head>
        <title>authlog demo</title>
      </Head>
      {session?.user ? (
        <SessionCard
          name={session.user.name}
          email={session.user.email}
          problem={problem}
          ways={waysOut}
        />
      ) : (
        <SignInCard problem={problem} ways={[{ label: "Sign in", act: signInByHandler }]} />
      )}
    </Frame>
  );
}

const waysOut = [{ label: "Sign out", act: signOutByHandler }];

async function signOutByHandler(): Promise<void> {
  await signOut({ redirect: false });
}

/** A session's `image` is often undefined, which this router refuses to hand on. */
function asJson<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
