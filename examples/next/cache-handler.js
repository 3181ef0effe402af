import { createCacheHandler } from "redmux/next";

import { options } from "./redis.js";

export default createCacheHandler(options);
