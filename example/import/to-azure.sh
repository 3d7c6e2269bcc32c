#!/bin/sh
# Makes a managed image of a fixed VHD: VHD, GROUP, LOCATION and NAME are in the environment.
set -eu
size=$(wc -c <"$VHD")
az disk create --resource-group "$GROUP" --location "$LOCATION" --name "$NAME" --os-type Linux --hyper-v-generation V2 \
	--upload-type Upload --upload-size-bytes "$size" --sku standardssd_lrs --output none
# The address has a token in it: it is not shown.
address=$(az disk grant-access --resource-group "$GROUP" --name "$NAME" --access-level Write --duration-in-seconds 7200 --query accessSAS --output tsv)
trap 'az disk revoke-access --resource-group "$GROUP" --name "$NAME"' EXIT
azcopy copy "$VHD" "$address" --blob-type PageBlob --output-level essential
az disk revoke-access --resource-group "$GROUP" --name "$NAME"
trap - EXIT
az image create --resource-group "$GROUP" --location "$LOCATION" --name "$NAME" --source "$NAME" --os-type Linux --hyper-v-generation V2 --output none
az disk delete --resource-group "$GROUP" --name "$NAME" --yes
echo "The image is $NAME in the resource group $GROUP"
