# One profile, three builders: an image for bare metal, made of packages, and images of two clouds, made of the clouds'
# own Debian in a machine there. packer build -only='airship.*' . makes the first alone; the others need an account:
#
#   azure          az login, or ARM_SUBSCRIPTION_ID, ARM_TENANT_ID, ARM_CLIENT_ID and ARM_CLIENT_SECRET
#   googlecompute  gcloud auth application-default login, or GOOGLE_APPLICATION_CREDENTIALS; and -var google_project=ID
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

variable "azure_subscription" {
  type        = string
  default     = env("ARM_SUBSCRIPTION_ID")
  description = "Default: the one that az is logged in to."
}

variable "azure_tenant" {
  type    = string
  default = env("ARM_TENANT_ID")
}

variable "azure_client" {
  type        = string
  default     = env("ARM_CLIENT_ID")
  description = "A service principal. Without one, az's login counts."
}

variable "azure_client_secret" {
  type      = string
  default   = env("ARM_CLIENT_SECRET")
  sensitive = true
}

variable "azure_location" {
  type    = string
  default = "westeurope"
}

variable "azure_resource_group" {
  type        = string
  default     = "images"
  description = "Where the image is put; it must exist."
}

variable "google_project" {
  type        = string
  default     = "my-project"
  description = "Where the machine runs and the image is put."
}

variable "google_zone" {
  type    = string
  default = "europe-west1-b"
}

locals {
  documents = ["${path.root}/node.yaml"]
}

data "airship-nodeprofile" "baremetal" {
  documents = local.documents
  # Laid over the documents.
  overrides = yamlencode({
    software = { packages_append = ["cloud-init", "dbus", "iproute2", "netplan.io", "openssh-server"] }
  })
}

data "airship-nodeprofile" "azure" {
  documents = local.documents
  platform  = "azure"
  # A disk is not smaller than that of the image it is made of.
  overrides = yamlencode({ storage = { qcow_capacity = "30G" } })
}

data "airship-nodeprofile" "google" {
  documents = local.documents
  platform  = "gcp"
  overrides = yamlencode({ storage = { qcow_capacity = "10G" } })
}

locals {
  # By the builder's type, which a provisioner asks for.
  nodes = {
    airship       = data.airship-nodeprofile.baremetal
    azure-arm     = data.airship-nodeprofile.azure
    googlecompute = data.airship-nodeprofile.google
  }
  # Not made of the profile's name: packer validate does not know that yet, and these builders check names.
  image = "node-${formatdate("YYYYMMDDhhmmss", timestamp())}"
}

source "airship" "baremetal" {
  profile_yaml     = local.nodes.airship.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

source "azure-arm" "node" {
  use_azure_cli_auth = var.azure_client == ""
  subscription_id    = var.azure_subscription
  tenant_id          = var.azure_tenant
  client_id          = var.azure_client
  client_secret      = var.azure_client_secret

  image_publisher = "Debian"
  image_offer     = "debian-12"
  image_sku       = "12-gen2"

  location        = var.azure_location
  vm_size         = "Standard_D2s_v3"
  os_type         = "Linux"
  os_disk_size_gb = local.nodes.azure-arm.disk_size_gb
  ssh_username    = "packer"

  managed_image_name                = local.image
  managed_image_resource_group_name = var.azure_resource_group
}

source "googlecompute" "node" {
  project_id              = var.google_project
  zone                    = var.google_zone
  source_image_family     = "debian-12"
  source_image_project_id = ["debian-cloud"]

  machine_type = "e2-standard-2"
  disk_size    = local.nodes.googlecompute.disk_size_gb
  ssh_username = "packer"

  image_name   = local.image
  image_family = "node"
}

build {
  sources = ["source.airship.baremetal", "source.azure-arm.node", "source.googlecompute.node"]

  # A cloud's machine may still be at its first boot, and at apt.
  provisioner "shell" {
    except = ["airship.baremetal"]
    inline = ["! command -v cloud-init >/dev/null || cloud-init status --wait"]
  }

  # The profile's configuration and /etc/imagebuilder/meta, whichever the builder. In the clouds its packages, too, which
  # the builder airship has installed already; and there it becomes root by sudo.
  provisioner "airship" {
    profile_yaml = local.nodes[source.type].profile_yaml
    isolation    = var.isolation
  }

  # Azure wants the machine's own traces gone, the user that Packer came as among them. It is the last step.
  provisioner "shell" {
    only            = ["azure-arm.node"]
    execute_command = "sudo sh '{{ .Path }}'"
    inline          = ["waagent -force -deprovision+user", "sync"]
    skip_clean      = true
  }
}
