# Images of two clouds, made here and imported there: no machine runs in a cloud while they are built. The other way,
# by the clouds' own builders, is in ../cloud; docs/cloud.md says when which.
#
#   packer build -only='import.airship.*' -except='to-azure,to-gcp-files' .   makes the files alone; the imports need accounts and their tools:
#
#   Azure    az login, az and azcopy; -var azure_resource_group=GROUP
#   Google   gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS; -var google_project=ID -var google_bucket=NAME
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
    azure = {
      source  = "github.com/hashicorp/azure"
      version = "~> 1.4"
    }
    googlecompute = {
      source  = "github.com/hashicorp/googlecompute"
      version = "~> 1.1"
    }
  }
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

variable "azure_resource_group" {
  type        = string
  default     = "images"
  description = "Where the image is put; it must exist."
}

variable "azure_location" {
  type    = string
  default = "westeurope"
}

variable "azure_subscription" {
  type    = string
  default = env("ARM_SUBSCRIPTION_ID")
}

variable "azure_storage_account" {
  type        = string
  default     = "images"
  description = "Of the build azure-arm.refined, which starts from a VHD in it."
}

variable "google_project" {
  type    = string
  default = "my-project"
}

variable "google_bucket" {
  type        = string
  default     = "my-bucket"
  description = "The file passes through it."
}

locals {
  documents = ["${path.root}/node.yaml"]
  image     = "node-${formatdate("YYYYMMDDhhmmss", timestamp())}"
}

data "airship-nodeprofile" "azure" {
  documents = local.documents
  platform  = "azure"
}

data "airship-nodeprofile" "gcp" {
  documents = local.documents
  platform  = "gcp"
}

locals {
  nodes = {
    azure = data.airship-nodeprofile.azure
    gcp   = data.airship-nodeprofile.gcp
  }
}

source "airship" "azure" {
  profile_yaml     = local.nodes.azure.profile_yaml
  formats          = ["vhd"]
  vm_name          = "azure"
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

source "airship" "gcp" {
  profile_yaml     = local.nodes.gcp.profile_yaml
  formats          = ["gce"]
  vm_name          = "gcp"
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  name    = "import"
  sources = ["source.airship.azure", "source.airship.gcp"]

  provisioner "airship" {
    profile_yaml = local.nodes[source.name].profile_yaml
    isolation    = var.isolation
  }

  # A managed disk takes the VHD's bytes as they are; the image is made of the disk.
  post-processor "shell-local" {
    name = "to-azure"
    only = ["airship.azure"]
    environment_vars = [
      "VHD=${path.root}/output/azure.vhd", "GROUP=${var.azure_resource_group}", "LOCATION=${var.azure_location}", "NAME=${local.image}",
    ]
    script = "${path.root}/to-azure.sh"
  }

  # googlecompute-import takes files of no builder by themselves, but those that artifice names.
  post-processors {
    post-processor "artifice" {
      name  = "to-gcp-files"
      only  = ["airship.gcp"]
      files = ["${path.root}/output/gcp.tar.gz"]
    }
    post-processor "googlecompute-import" {
      name                    = "to-gcp"
      only                    = ["airship.gcp"]
      project_id              = var.google_project
      bucket                  = var.google_bucket
      image_name              = local.image
      image_family            = "node"
      image_architecture      = "x86_64"
      image_guest_os_features = ["UEFI_COMPATIBLE", "VIRTIO_SCSI_MULTIQUEUE", "GVNIC"]
    }
  }
}

# A VHD that is in a storage account already can be the start of a machine in Azure, too, for what must be done there.
source "azure-arm" "refined" {
  use_azure_cli_auth = true
  subscription_id    = var.azure_subscription
  image_url          = "https://${var.azure_storage_account}.blob.core.windows.net/images/azure.vhd"

  location     = var.azure_location
  vm_size      = "Standard_D2s_v3"
  os_type      = "Linux"
  ssh_username = "packer"

  resource_group_name    = var.azure_resource_group
  storage_account        = var.azure_storage_account
  capture_container_name = "images"
  capture_name_prefix    = "refined"
}

build {
  name    = "refine"
  sources = ["source.azure-arm.refined"]

  provisioner "airship" {
    profile_yaml = local.nodes.azure.profile_yaml
    isolation    = var.isolation
  }

  provisioner "shell" {
    execute_command = "sudo sh '{{ .Path }}'"
    inline          = ["waagent -force -deprovision+user", "sync"]
    skip_clean      = true
  }
}
