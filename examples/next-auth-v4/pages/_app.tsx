import "authlog-example-shared/styles.css";
import type { AppProps } from "next/app";
import type { Session } from "next-auth";
import { SessionProvider } from "next-auth/react";

interface Props {
  session: Session | null;
}

/** In a browser next-auth 4 looks at /api/auth, unless it is told otherwise. */
export default function App({ Component, pageProps }: AppProps<Props>) {
  return (
    <SessionProvider session={pageProps.session} basePath="/api/pages-auth">
      <Component {...pageProps} />
    </SessionProvider>
  );
}
