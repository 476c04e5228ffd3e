import { createRegister } from "authlog/instrumentation";

// With spans, so that each event has the id of its request's trace.
export const register = createRegister({ tracing: true });
