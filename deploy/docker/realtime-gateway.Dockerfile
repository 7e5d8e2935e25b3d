# Pushes windows, events and alerts to sockets; serves the dashboard.
# docker build -f deploy/docker/realtime-gateway.Dockerfile -t millrace-realtime-gateway .          Why these bases: docs/images.md.
ARG SDK_IMAGE=mcr.microsoft.com/dotnet/sdk:10.0-noble
ARG RUNTIME_IMAGE=mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled
ARG NODE_IMAGE=node:22-bookworm-slim

FROM $NODE_IMAGE AS dashboard
WORKDIR /dashboard
COPY services/realtime-gateway/dashboard/package.json services/realtime-gateway/dashboard/package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY services/realtime-gateway/dashboard/ ./
RUN npm run build

FROM $SDK_IMAGE AS build
WORKDIR /source
ENV DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
COPY . .
# librdkafka comes from NuGet; Directory.Build.targets takes it from there once it is in the packages' folder.
RUN bash -c 'source eng/native.sh && ensure_librdkafka'
# Set by BuildKit; without it the one of most machines.
ARG TARGETARCH
RUN dotnet restore services/realtime-gateway/RealtimeGateway.Host -a ${TARGETARCH:-amd64}
COPY --from=dashboard /dashboard/dist services/realtime-gateway/dashboard/dist
RUN dotnet publish services/realtime-gateway/RealtimeGateway.Host --no-restore -c Release -a ${TARGETARCH:-amd64} --self-contained false -o /out -p:UseAppHost=false

FROM $RUNTIME_IMAGE
ARG VERSION=0.0.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="millrace-realtime-gateway" \
      org.opencontainers.image.description="Pushes windows, events and alerts to sockets; serves the dashboard." \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
WORKDIR /app
COPY --from=build /out ./
# The base's own port would be a second opinion on where to listen.
ENV Millrace__Http__Address=* ASPNETCORE_HTTP_PORTS=
EXPOSE 8083
USER 1654:1654
HEALTHCHECK --interval=10s --timeout=6s --start-period=60s --retries=3 CMD ["dotnet", "/app/Millrace.RealtimeGateway.Host.dll", "--health", "8083"]
ENTRYPOINT ["dotnet", "/app/Millrace.RealtimeGateway.Host.dll"]
