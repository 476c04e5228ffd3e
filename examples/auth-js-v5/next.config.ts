import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

// This app lives inside a workspace: both bundlers must look for packages up to its root. An app in
// a repository of its own needs neither line.
const workspace = fileURLToPath(new URL("../..", import.meta.url));

const config: NextConfig = {
  turbopack: { root: workspace },
  outputFileTracingRoot: workspace,
};

export default config;
