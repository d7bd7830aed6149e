# Builds with any builder, the classic one included: no syntax line, which would fetch a frontend from a registry.
FROM node:24.21.0-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# What is optional stays: the password hash is a package for each platform.
RUN npm ci --omit=dev

FROM dependencies AS build
RUN npm ci
COPY tsconfig.json tsconfig.build.json ./
COPY api ./api
RUN npm run build

FROM node:24.21.0-bookworm-slim
LABEL org.opencontainers.image.title="Porthole" \
      org.opencontainers.image.description="An authenticated, read-only window onto the containers of Docker engines" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.base.name="node:24.21.0-bookworm-slim"
# No package manager at run time: an intruder cannot use what is not there. New named volumes begin as copies of the folders.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-* \
 && install -d /var/lib/porthole \
 && install -d -o 10001 -g 10001 -m 0700 /var/lib/porthole/access /var/lib/porthole/audit
ENV NODE_ENV=production HOST=0.0.0.0 PORT=3000
WORKDIR /app
COPY --from=dependencies /app/package.json ./
COPY --from=dependencies /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
# A number that no account of the host has, so that no file of a user there is ours by accident.
USER 10001:10001
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 \
  CMD ["/usr/local/bin/node", "/app/dist/cli/healthcheck.js"]
# Node itself, without the base image's shell script around it.
ENTRYPOINT ["/usr/local/bin/node"]
CMD ["/app/dist/main.js"]
