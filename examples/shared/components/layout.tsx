import type { Metadata, Viewport } from "next";
import type { ReactNode } from "react";
import "../styles.css";

export const metadata: Metadata = {
  title: "authlog demo",
  description: "Sign in, fail to sign in, and see both in a tamper-evident audit log.",
};

export const viewport: Viewport = { colorScheme: "light dark" };

export function Layout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
