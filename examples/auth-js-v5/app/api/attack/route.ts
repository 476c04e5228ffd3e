export { POST } from "authlog-example-shared/lib/attack";
