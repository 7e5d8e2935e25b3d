# All five services in one process on the embedded adapters; everything that is kept stands in the volume /data.
# docker build -f deploy/docker/standalone.Dockerfile -t millrace-standalone .          Why these bases: docs/images.md.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG NODE_IMAGE=node:22-bookworm-slim

FROM $NODE_IMAGE AS dashboard
WORKDIR /dashboard
COPY services/realtime-gateway/dashboard/package.json services/realtime-gateway/dashboard/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY services/realtime-gateway/dashboard/ ./
RUN npm run build

FROM $NODE_IMAGE AS engine
ENV MILLRACE_CACHE=/cache
COPY eng/native.sh /native.sh
# ClickHouse's engine as a library, by its version and checksum; and the directory of the data, with an owner that the last stage can't give it.
RUN bash -c 'source /native.sh && ensure_chdb' && mkdir /data

FROM $SDK_IMAGE AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY . .
# librdkafka comes from NuGet; Directory.Build.targets takes it from there once it is in the packages' folder.
RUN bash -c 'source eng/native.sh && ensure_librdkafka'
RUN dotnet restore services/standalone/Standalone
COPY --from=dashboard /dashboard/dist services/realtime-gateway/dashboard/dist
RUN dotnet publish services/standalone/Standalone --no-restore -c Release -o /out -p:UseAppHost=false

FROM $RUNTIME_IMAGE
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="millrace-standalone" \
      org.opencontainers.image.description="All of Millrace in one process." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
WORKDIR /app
COPY --from=engine /cache /cache
COPY --from=engine --chown=1654:1654 /data /data
COPY --from=build /out ./
# The base's own port would be a second opinion on where to listen.
ENV Millrace__Http__Address=* Millrace__EmbeddedClickHouse__Listen=0.0.0.0 MILLRACE_CACHE=/cache ASPNETCORE_HTTP_PORTS=
EXPOSE 8080 8123
VOLUME /data
USER 1654:1654
HEALTHCHECK --interval=10s --timeout=6s --start-period=120s --retries=3 CMD ["dotnet", "/app/Millrace.Standalone.dll", "--health", "8080"]
ENTRYPOINT ["dotnet", "/app/Millrace.Standalone.dll", "--data", "/data"]
