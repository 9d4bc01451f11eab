# A connector node: `docker build -t connector .`
# Debian, because the store's prebuilt binary for arm64 needs its C library; on x64 and arm64 nothing has to be compiled.
FROM node:22-bookworm-slim AS build
WORKDIR /app
COPY . .
RUN npm ci --ignore-scripts --no-audit --no-fund \
  && npm run build \
  && npm prune --omit=dev --ignore-scripts --no-audit --no-fund
# Optional packages for those who mean to use them: of these, docker-compose.yml needs the client of TigerBeetle.
ARG EXTRAS="tigerbeetle-node@0.17.9"
RUN npm install --prefix /extras --ignore-scripts --no-audit --no-fund $EXTRAS

FROM node:22-bookworm-slim
ENV NODE_ENV=production
ENV CONFIG_FILE=/app/config.yaml
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /extras/node_modules ./node_modules
COPY --from=build /app/dist/src ./dist/src
COPY --from=build /app/dist/middlewares ./dist/middlewares
COPY --from=build /app/dist/backends ./dist/backends
COPY --from=build /app/dist/stores ./dist/stores
COPY --from=build /app/dist/plugins ./dist/plugins
COPY --from=build /app/dist/web ./dist/web
# The only place that is written to: the node's books. Mount a volume here, or they end with the container.
RUN mkdir data && chown node:node data
VOLUME /app/data
# For the daemon that is configured by CONNECTOR_* variables: docker run --no-healthcheck -e CONNECTOR_... connector node dist/src/commands/daemon/main.js
ENV CONNECTOR_STORE_PATH=/app/data/connector
# A port of a container is reached from outside it, or not at all. Without a key, the explorer answers private networks alone.
ENV EXPLORER_HOST=0.0.0.0
USER node
# docs/performance.md says why, under "The heap".
ENV NODE_OPTIONS=--max-semi-space-size=32
# BTP, the explorer and health. The admin API is for the networks that you let in: it is not exposed.
EXPOSE 3000 3001 8080
# Ready, not healthy: a node whose peers are away goes on, and must not keep the containers that wait for it from starting.
HEALTHCHECK --interval=30s --timeout=10s --start-period=40s --start-interval=1s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.HEALTH_CHECK_PORT || 8080}/health/ready`).then(r => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/commands/cli/main.js", "start"]
