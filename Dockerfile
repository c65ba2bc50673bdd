# Packages first: this layer is built again only when a package.json or the lock file changes.
FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
COPY packages/bazi/package.json packages/bazi/
COPY packages/config/package.json packages/config/
COPY packages/db/package.json packages/db/
COPY packages/fulfilment/package.json packages/fulfilment/
COPY packages/kernel/package.json packages/kernel/
COPY packages/operations/package.json packages/operations/
COPY packages/orders/package.json packages/orders/
COPY packages/outbox/package.json packages/outbox/
COPY packages/payments/package.json packages/payments/
COPY packages/report/package.json packages/report/
COPY apps/bot/package.json apps/bot/
COPY apps/cli/package.json apps/cli/
COPY apps/dev/package.json apps/dev/
COPY apps/sandbox/package.json apps/sandbox/
COPY apps/webhook/package.json apps/webhook/
# No install scripts: the only one that production needs unpacks Node 24, and the image is Node 24. Nothing optional is needed either.
RUN npm ci --omit=dev --omit=optional --ignore-scripts --loglevel=error

FROM node:24-slim
ENV NODE_ENV=production
WORKDIR /app
COPY --from=packages /app ./
COPY LICENSE ./
COPY migrations migrations
COPY packages packages
COPY apps/webhook apps/webhook
COPY apps/bot apps/bot
COPY apps/cli apps/cli
USER node
# docker-compose.yml names the process: apps/webhook, apps/bot or `apps/cli/src/main.ts migrate`.
CMD ["node", "apps/bot/src/main.ts"]
