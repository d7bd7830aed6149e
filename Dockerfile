# syntax=docker/dockerfile:1
FROM node:24.11.1-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY api ./api
RUN npm run build && npm prune --omit=dev --omit=optional

FROM node:24.11.1-bookworm-slim
LABEL org.opencontainers.image.title="Porthole" \
      org.opencontainers.image.description="An authenticated, read-only window onto Docker engines" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
USER node
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health/live').then((a)=>process.exit(a.ok?0:1),()=>process.exit(1))"]
CMD ["node", "dist/main.js"]
